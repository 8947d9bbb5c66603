// SPDX-License-Identifier: MIT
#include "core/system/identity.hpp"

#include <gtest/gtest.h>

#include "fakes/temp_dir.hpp"

namespace edge {
namespace {

/// A Pi's files, as they lie under /.
class IdentityTest : public testing::Test {
  protected:
    IdentityTest() {
        root.write("etc/hostname", "livingroom\n");
        root.write("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
        root.write("etc/os-release", "ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n");
        root.write("proc/sys/kernel/random/boot_id", "6f9619ff-8b86-d011-b42d-00c04fc964ff\n");
    }
    void setSerial(std::string_view serial) { root.write("sys/firmware/devicetree/base/serial-number", serial); }
    Identity read() { return readIdentity(root.path().string()); }

    TempDir root;
};

TEST_F(IdentityTest, ReadsTheMachine) {
    root.write("sys/firmware/devicetree/base/model", std::string_view("Raspberry Pi 4 Model B Rev 1.4\0", 31));

    const Identity identity = read();

    EXPECT_EQ(identity.hostname, "livingroom");
    EXPECT_EQ(identity.model, "Raspberry Pi 4 Model B Rev 1.4");
    EXPECT_EQ(identity.os, "Debian GNU/Linux 12 (bookworm)");
    EXPECT_EQ(identity.bootId, "6f9619ff8b86d011b42d00c04fc964ff");
    EXPECT_TRUE(identity.deviceId.starts_with("livingroom-"));
    EXPECT_EQ(identity.deviceId.size(), std::string("livingroom-").size() + 6);
}

TEST_F(IdentityTest, ClonedCardsDifferByTheBoardsSerialNumber) {
    setSerial(std::string_view("10000000abcdef01\0", 17));
    const std::string first = read().deviceId;
    setSerial(std::string_view("10000000abcdef02\0", 17));

    EXPECT_NE(read().deviceId, first);
    EXPECT_EQ(first.find("abcdef01"), std::string::npos);
}

TEST_F(IdentityTest, FallsBackToTheMachineIdWhereTheSerialNumberIsNone) {
    const std::string byMachineId = read().deviceId;
    setSerial(std::string_view("0000000000000000\0", 17));

    EXPECT_EQ(read().deviceId, byMachineId);
}

TEST_F(IdentityTest, OnlyLegalCharactersReachTheDeviceId) {
    root.write("etc/hostname", "küche+/#.example.org\n");

    const std::string id = read().deviceId;

    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_"), std::string::npos) << id;
}

TEST_F(IdentityTest, AMachineWithoutAnyOfTheFilesStillHasAnIdentity) {
    const TempDir bare;

    const Identity identity = readIdentity(bare.path().string());

    EXPECT_TRUE(identity.deviceId.starts_with("pi-"));
    EXPECT_EQ(identity.model, "unknown");
    EXPECT_EQ(identity.bootId.size(), 32U);
}

}  // namespace
}  // namespace edge
