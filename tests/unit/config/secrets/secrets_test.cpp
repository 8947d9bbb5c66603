// SPDX-License-Identifier: MIT
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <stdlib.h>
#include <string>

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include "config/secrets/secret_file.hpp"
#include "fakes/certificate.hpp"
#include "fakes/temp_dir.hpp"
#include "unit/config/reading.hpp"

namespace edge {
namespace {

constexpr const char* kSecret = "hunter2-very-secret";

std::string told(const std::function<void()>& action) {
    try {
        action();
        return "";
    } catch (const ConfigError& error) {
        EXPECT_FALSE(contains(error.what(), kSecret)) << error.what();
        return error.what();
    }
}

class Secrets : public testing::Test {
  protected:
    void TearDown() override { ::unsetenv("CREDENTIALS_DIRECTORY"); }

    std::string file(const std::string& name, std::string_view content, mode_t mode) const {
        std::string path = directory_.write(name, content);
        EXPECT_EQ(::chmod(path.c_str(), mode), 0);
        return path;
    }

    static Config passwordIn(const std::string& setting) {
        return configOf("[mqtt]\nusername = \"me\"\npassword_file = \"" + setting + "\"\n");
    }

    static std::string passwordError(const std::string& setting) {
        return told([&] { (void)loadPassword(passwordIn(setting)); });
    }

    static std::string tlsError(const std::string& keys) {
        return told([&] { checkTlsFiles(configOf("[mqtt.tls]\n" + keys)); });
    }

    TempDir directory_;
};

const std::string kKey = "agent.toml:3: mqtt.password_file: ";

TEST_F(Secrets, APasswordIsReadWithoutItsLineEnd) {
    EXPECT_EQ(loadPassword(configOf("")), "");
    EXPECT_EQ(loadPassword(passwordIn(file("a", "geheim\n", 0600))), "geheim");
    EXPECT_EQ(loadPassword(passwordIn(file("b", " geheim\r\n", 0400))), " geheim");
    EXPECT_EQ(loadPassword(passwordIn(file("c", "zwei\n\n", 0600))), "zwei");
    EXPECT_EQ(loadPassword(passwordIn(file("d", "\xEF\xBB\xBFgeheim\r\n", 0600))), "geheim");
    EXPECT_EQ(loadPassword(passwordIn(file("e", "비밀번호\n", 0600))), "비밀번호");
}

TEST_F(Secrets, APasswordInAnotherEncodingOrOnSeveralLinesIsRefused) {
    using namespace std::string_view_literals;
    for (const auto content : {"\xFF\xFEh\0i\0\r\0\n\0"sv, "h\0i\0"sv, "gr\xFCn\n"sv}) {
        EXPECT_TRUE(contains(passwordError(file("p", content, 0600)), "is not UTF-8"));
    }
    for (const char* content : {"user\nhunter2-very-secret\n", "hunter2-very-secret\r\n\r\nuser"}) {
        EXPECT_TRUE(contains(passwordError(file("p", content, 0600)), "more than one line"));
    }
}

TEST_F(Secrets, APasswordThatOthersCanReadIsRefused) {
    const std::string path = file("p", kSecret, 0640);
    EXPECT_TRUE(passwordError(path).starts_with(kKey + path + " has mode 0640"));

    for (const mode_t mode : {0644U, 0604U, 0660U, 0610U, 0601U, 0777U, 0620U}) {
        EXPECT_TRUE(contains(passwordError(file("p", kSecret, mode)), "chmod 600")) << mode;
    }
}

// Only root could give a real file away.
TEST(Permissions, ASecretBelongsToRootOrToItsReader) {
    const auto error = [](uid_t owner, uid_t reader) {
        return validatePermissions(RegularFile{"", owner, 0600}, "/p", SecretPlace::kFile, reader);
    };
    EXPECT_EQ(error(0, 1000), "");
    EXPECT_EQ(error(1000, 1000), "");
    EXPECT_EQ(error(12345, 1000), "/p belongs to user 12345; allowed: root or user 1000, so run: chown 1000 /p");
    EXPECT_EQ(error(12345, 0), "") << "root checks it for the service, whose user owns it";
}

TEST(Permissions, AFileOnTheBootPartitionMustBeCopied) {
    const RegularFile file{"", 0, 0755, true};
    const std::string error = validatePermissions(file, "/boot/firmware/password", SecretPlace::kFile, 1000);
    EXPECT_TRUE(contains(error, "FAT")) << error;
    EXPECT_FALSE(contains(error, "chmod")) << error;
}

TEST_F(Secrets, ACredentialOutsideOfTheServiceIsUnreadable) {
    EXPECT_THROW((void)loadPassword(passwordIn("mqtt-password")), SecretUnreadable);
}

TEST_F(Secrets, AMissingFileIsAnErrorAndNotUnreadable) {
    try {
        (void)loadPassword(passwordIn(directory_.file("missing")));
        FAIL();
    } catch (const SecretUnreadable&) {
        FAIL();
    } catch (const ConfigError&) {
    }
}

TEST_F(Secrets, ASymbolicLinkIsCheckedAtItsTarget) {
    const std::string open = file("open", kSecret, 0666);
    const std::string link = directory_.file("link");
    ASSERT_EQ(::symlink(open.c_str(), link.c_str()), 0);
    EXPECT_TRUE(contains(passwordError(link), "has mode 0666"));
}

TEST_F(Secrets, AnythingButASmallRegularFileIsRefused) {
    const std::string fifo = directory_.file("fifo");
    ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);

    EXPECT_EQ(passwordError(fifo),
              kKey + "the file it names is not a regular file; allowed: a file that this user can read");
    EXPECT_TRUE(contains(passwordError(directory_.path().string()), "is a directory"));
    EXPECT_TRUE(contains(passwordError(directory_.file("missing")), "cannot be opened: No such file or directory"));
    EXPECT_TRUE(contains(passwordError(file("empty", "\n", 0600)), "is empty"));
    EXPECT_TRUE(contains(passwordError(file("large", std::string(1'000'000, 'x'), 0600)), "is larger than 64 KiB"));
    EXPECT_EQ(passwordError(file("fits", std::string(65'535, 'x') + "\n", 0600)), "");
    EXPECT_TRUE(contains(passwordError(file("long", std::string(65'536, 'x'), 0600)), "is too long"));
}

TEST_F(Secrets, APasswordWrittenInTheWrongPlaceIsNotRepeated) {
    EXPECT_TRUE(contains(passwordError(kSecret), "names a systemd credential, but $CREDENTIALS_DIRECTORY is not set"));
    EXPECT_TRUE(contains(passwordError("/" + std::string(kSecret)), "the file it names cannot be opened"));
    ::setenv("CREDENTIALS_DIRECTORY", directory_.path().c_str(), 1);
    EXPECT_TRUE(contains(passwordError(kSecret), "the credential it names cannot be opened"));
    for (const std::string& value : {std::string("\"\\u0001") + kSecret + '"', "[\"" + std::string(kSecret) + "\"]",
                                     '"' + std::string(300, 'x') + kSecret + '"'}) {
        const std::string error = errorsOf("[mqtt]\npassword_file = " + value + "\npassword = \"" + kSecret + "\"\n");
        EXPECT_TRUE(contains(error, "agent.toml:2: mqtt.password_file: ")) << error;
        EXPECT_TRUE(contains(error, "agent.toml:3: mqtt.password: unknown key")) << error;
        EXPECT_FALSE(contains(error, kSecret)) << error;
    }
}

TEST_F(Secrets, ACredentialIsFoundInTheServicesDirectory) {
    ::setenv("CREDENTIALS_DIRECTORY", directory_.path().c_str(), 1);
    (void)file("mqtt.password", "from systemd\n", 0400);
    EXPECT_EQ(loadPassword(passwordIn("mqtt.password")), "from systemd");

    // The mask of the ACL by which systemd lets the service in shows as a permission of the group.
    (void)file("mqtt.password", "from systemd\n", 0440);
    EXPECT_EQ(loadPassword(passwordIn("mqtt.password")), "from systemd");
    (void)file("mqtt.password", "from systemd\n", 0444);
    EXPECT_TRUE(contains(passwordError("mqtt.password"), "has mode 0444"));
}

TEST_F(Secrets, ACredentialCannotBeAPathOutOfItsDirectory) {
    for (const char* name : {".", ".."}) {
        EXPECT_TRUE(contains(errorsOf("[mqtt]\npassword_file = \"" + std::string(name) + "\"\n"),
                             "is not a path or a credential's name"));
    }
    // With a '/' it is a path, wherever the credentials are, and the rules for paths hold.
    ::setenv("CREDENTIALS_DIRECTORY", directory_.file("credentials").c_str(), 1);
    ASSERT_EQ(::mkdir(directory_.file("credentials").c_str(), 0700), 0);
    const std::string outside = file("outside", kSecret, 0440);
    EXPECT_TRUE(contains(passwordError(directory_.file("credentials/../outside")), "has mode 0440"));
}

/// The one of kCertificate.
constexpr const char* kPrivateKey =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMhxuB1fn9ekQJCf6\n"
    "Wc7eGWUPYp4K0tOO+I/AXm0WJdehRANCAARmrS9xkPJfjo/ATGBt+HSbK5vM/NLZ\n"
    "A96nQ2neV7QKETq6T5cBmTq5MtWIETbmQBF1oezoVEwDhP10/+3dhlAx\n"
    "-----END PRIVATE KEY-----\n";
constexpr const char* kAnotherKey =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7tWaFAZT4wUZVQ2A\n"
    "ogfN4xOnVqlYlqZQLgITNl5MGumhRANCAATJ7UkWJBIqlU9bN6L7lY4CfGkoJPk8\n"
    "Zyn3y8Z7SUqIsLQ04+73EmKMU0ENsD02lyGsZr88GxtA1PXRRQ7Hqx3t\n"
    "-----END PRIVATE KEY-----\n";

TEST_F(Secrets, GoodTlsFilesAreAccepted) {
    const std::string ca = file("ca.pem", std::string("# a comment\n") + kCertificate, 0644);
    const std::string cert = file("cert.pem", kCertificate, 0644);
    const std::string key = file("key.pem", kPrivateKey, 0600);

    EXPECT_EQ(tlsError(""), "");
    EXPECT_EQ(tlsError("ca_file = \"" + ca + "\"\ncert_file = \"" + cert + "\"\nkey_file = \"" + key + "\"\n"), "");
}

TEST_F(Secrets, AllInvalidTlsFilesAreReported) {
    const std::string ca = file("ca.pem", "", 0644);
    const std::string cert = file("cert.pem", "junk", 0644);
    const std::string key = file("key.pem", kCertificate, 0600);
    const std::string error =
        tlsError("ca_file = \"" + ca + "\"\ncert_file = \"" + cert + "\"\nkey_file = \"" + key + "\"\n");

    EXPECT_TRUE(contains(error, "agent.toml:2: mqtt.tls.ca_file: " + ca + " is empty")) << error;
    EXPECT_TRUE(contains(error, "agent.toml:3: mqtt.tls.cert_file: " + cert + " contains no certificate")) << error;
    EXPECT_TRUE(contains(error, "agent.toml:4: mqtt.tls.key_file: " + key + " contains no private key")) << error;

    EXPECT_TRUE(contains(tlsError("ca_file = \"/no/such\"\n"), "/no/such cannot be opened: No such file or directory"));
    EXPECT_TRUE(contains(tlsError("ca_file = \"" + directory_.path().string() + "\"\n"), "is a directory"));
    EXPECT_TRUE(
        contains(tlsError("ca_file = \"" + file("key2.pem", kPrivateKey, 0600) + "\"\n"), "contains no certificate"));
}

TEST_F(Secrets, ADamagedCertificateOrKeyIsRefused) {
    const std::string whole = kCertificate;
    const std::string cut = whole.substr(0, whole.size() / 2);
    const std::string noBase64 = "-----BEGIN CERTIFICATE-----\nMIIB?\n-----END CERTIFICATE-----\n";
    int number = 0;
    for (const std::string& content : {cut, noBase64, whole + noBase64, whole + cut}) {
        const std::string ca = file("ca" + std::to_string(++number), content, 0644);
        EXPECT_TRUE(contains(tlsError("ca_file = \"" + ca + "\"\n"), "damaged certificate")) << content;
    }
    const std::string two = file("two.pem", whole + "text between them\n" + whole, 0644);
    EXPECT_EQ(tlsError("ca_file = \"" + two + "\"\n"), "");

    std::string damaged = kPrivateKey;
    damaged.erase(60, 20);
    const std::string cert = "cert_file = \"" + file("cert.pem", kCertificate, 0644) + "\"\n";
    const std::string key = file("key.pem", damaged, 0600);
    const std::string error = tlsError(cert + "key_file = \"" + key + "\"\n");
    EXPECT_TRUE(contains(error, "damaged private key")) << error;
    EXPECT_FALSE(contains(error, damaged.substr(30, 20))) << "never quoted";
}

TEST_F(Secrets, ACertificateThatOpenSslWouldNotFindIsRefused) {
    const auto errorOf = [this](const std::string& content) {
        return tlsError("ca_file = \"" + file("ca.pem", content, 0644) + "\"\n");
    };
    const std::string whole = kCertificate;
    std::string indented = "  " + whole;
    for (auto at = indented.find('\n'); at + 1 < indented.size(); at = indented.find('\n', at + 1)) {
        indented.insert(at + 1, "  ");
    }
    EXPECT_TRUE(contains(errorOf(indented), "in front of -----BEGIN")) << errorOf(indented);
    EXPECT_TRUE(contains(errorOf("ca: " + whole), "in front of -----BEGIN"));
    EXPECT_TRUE(contains(errorOf("\xFF\xFE" + whole), "UTF-16"));
    EXPECT_EQ(errorOf("Certificate:\n    Data:\n" + whole + "what it is\n"), "");

    const std::string base64 = whole.substr(28, whole.find("-----END") - 28);
    std::string der(base64.size(), '\0');
    std::unique_ptr<EVP_ENCODE_CTX, decltype(&EVP_ENCODE_CTX_free)> decoder(EVP_ENCODE_CTX_new(), &EVP_ENCODE_CTX_free);
    int size = 0;
    EVP_DecodeInit(decoder.get());
    EVP_DecodeUpdate(decoder.get(), reinterpret_cast<unsigned char*>(der.data()), &size,
                     reinterpret_cast<const unsigned char*>(base64.data()), static_cast<int>(base64.size()));
    der.resize(static_cast<std::size_t>(size));
    EXPECT_TRUE(contains(errorOf(der), "openssl x509 -inform der")) << errorOf(der);
}

TEST_F(Secrets, AKeyOfAnotherCertificateIsRefused) {
    const std::string cert = file("cert.pem", kCertificate, 0644);
    const std::string key = file("key.pem", kAnotherKey, 0600);
    EXPECT_TRUE(contains(tlsError("cert_file = \"" + cert + "\"\nkey_file = \"" + key + "\"\n"),
                         "agent.toml:3: mqtt.tls.key_file: " + key + " is not the key of " + cert));
}

TEST_F(Secrets, ATlsKeyIsPrivateAndHasNoPassphrase) {
    const std::string cert = "cert_file = \"" + file("cert.pem", kCertificate, 0644) + "\"\n";
    const std::string open = file("open.pem", kPrivateKey, 0640);
    EXPECT_TRUE(contains(tlsError(cert + "key_file = \"" + open + "\"\n"),
                         "agent.toml:3: mqtt.tls.key_file: " + open + " has mode 0640"));

    const std::string locked = file("locked.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nx\n", 0600);
    EXPECT_TRUE(contains(tlsError(cert + "key_file = \"" + locked + "\"\n"), "passphrase"));
}

TEST_F(Secrets, ACertificateTellsWhenItEnds) {
    const std::string cert = file("cert.pem", kCertificate, 0644);
    const std::string bundle = file("ca.pem", std::string(kCertificate) + kEndsNever, 0644);
    const Config config = configOf("[mqtt.tls]\ncert_file = \"" + cert + "\"\nkey_file = \"" +
                                   file("key.pem", kPrivateKey, 0600) + "\"\nca_file = \"" + bundle + "\"\n");

    const auto ends = certificateEnds(config);

    ASSERT_EQ(ends.size(), 2U);
    EXPECT_EQ(ends[0].file, cert);
    EXPECT_EQ(formatRfc3339(ends[0].end), "2126-10-28T16:09:26.000Z");
    EXPECT_EQ(ends[1].file, bundle);
    EXPECT_GT(ends[1].end, ends[0].end) << "a file of authorities ends with its last one";
}

}  // namespace
}  // namespace edge
