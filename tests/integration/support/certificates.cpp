// SPDX-License-Identifier: MIT
#include "integration/support/certificates.hpp"

#include <stdexcept>
#include <vector>

#include "integration/support/test_process.hpp"

namespace edge {

namespace {

void openssl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    std::string output;
    if (runProgram(arguments, &output) != 0) throw std::runtime_error("openssl: " + output);
}

/// `openssl ca` is the one command of OpenSSL 3.0 that signs with a start and an end of one's own choice.
std::string caConfig(const std::string& dir) {
    return "[ca]\ndefault_ca=d\n[d]\ndatabase=" + dir + "/index\nnew_certs_dir=" + dir + "\ncertificate=" + dir +
           "/ca.pem\nprivate_key=" + dir +
           "/ca.key\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nunique_subject=no\n" +
           "copy_extensions=copy\n[p]\ncommonName=supplied\n";
}

}  // namespace

CertificateAuthority::CertificateAuthority(const std::string& commonName) {
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
             dir_.file("ca.key"), "-out", dir_.file("ca.pem"), "-days", "30", "-subj", "/CN=" + commonName});
    dir_.write("ca.conf", caConfig(dir_.path()));
    dir_.write("index", "");
}

CertificateAuthority::CertificateAuthority(const std::string& commonName, const CertificateAuthority& root)
    : CertificateAuthority(commonName) {
    const std::string request = dir_.file("ca.csr");
    openssl({"req", "-new", "-key", dir_.file("ca.key"), "-out", request, "-subj", "/CN=" + commonName, "-addext",
             "basicConstraints=critical,CA:TRUE"});
    openssl({"ca", "-batch", "-notext", "-config", root.dir_.file("ca.conf"), "-in", request, "-out", caFile(),
             "-startdate", "20200101000000Z", "-enddate", "20991231235959Z"});
}

CertificateAuthority::Pair CertificateAuthority::issue(const std::string& name, const std::string& subjectAltName,
                                                       Validity validity) const {
    Pair pair{dir_.file(name + ".pem"), dir_.file(name + ".key")};
    const std::string request = dir_.file(name + ".csr");
    openssl({"req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
             pair.keyFile, "-out", request, "-subj", "/CN=" + name, "-addext", "subjectAltName=" + subjectAltName});
    std::string start = "20200101000000Z";
    std::string end = "20991231235959Z";
    if (validity == Validity::kExpired) end = "20200201000000Z";
    if (validity == Validity::kNotYet) start = "20990101000000Z";
    openssl({"ca", "-batch", "-notext", "-config", dir_.file("ca.conf"), "-in", request, "-out", pair.certFile,
             "-startdate", start, "-enddate", end});
    return pair;
}

}  // namespace edge
