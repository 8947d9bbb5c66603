// SPDX-License-Identifier: MIT
#include "camera_fixture.hpp"

namespace edge {
namespace {

class CameraProgramTest : public CameraFixture {};

TEST_F(CameraProgramTest, TakesAPictureOfTheTestPattern) {
    configure("backend = \"pattern\"");
    startClient();
    const WallTime before = std::chrono::system_clock::now();

    const auto picture = take();

    ASSERT_TRUE(picture) << picture.error().message;
    const auto decoded = decode(*picture);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->view.width, 640);
    EXPECT_EQ(decoded->view.height, 480);
    EXPECT_EQ(picture->quality, 90);
    EXPECT_EQ(picture->camera, "test pattern");
    EXPECT_GE(picture->exposureStart, before - milliseconds{5});
    EXPECT_LE(picture->exposureStart, std::chrono::system_clock::now());
    EXPECT_TRUE(state().online);
}

TEST_F(CameraProgramTest, TakesThePictureThatWasAskedFor) {
    configure("backend = \"pattern\"");
    startClient();
    PictureRequest request;
    request.width = 320;
    request.height = 200;
    request.quality = 40;

    const auto picture = take(request);

    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(decode(*picture)->view.width, 320);
    EXPECT_EQ(decode(*picture)->view.height, 200);
    EXPECT_EQ(picture->quality, 40);
}

TEST_F(CameraProgramTest, ReplaysFiles) {
    configure("backend = \"pattern\"");
    startClient();
    const auto original = take();
    ASSERT_TRUE(original);
    endClient();
    std::filesystem::create_directory(directory.file("pictures"));
    directory.write("pictures/1.jpg", original->jpeg);
    directory.write("pictures/2.jpg", "broken");
    configure("backend = \"replay\"\ndevice = \"" + directory.file("pictures") + "\"");
    startClient();

    const auto picture = take();

    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_EQ(decode(*picture)->view.width, 640);
}

TEST_F(CameraProgramTest, ServesAHundredCapturesInOrderAndEachItsOwn) {
    configure("backend = \"pattern\"");
    startClient();
    std::vector<std::future<Result<Picture>>> answers;
    answers.reserve(100);
    PictureRequest request;
    request.timeout = seconds{60};
    for (int i = 0; i < 100; ++i) answers.push_back(ask(request));

    WallTime last{};
    std::set<std::string> different;
    for (auto& answer : answers) {
        const auto picture = wait(std::move(answer));
        ASSERT_TRUE(picture) << picture.error().message;
        EXPECT_GT(picture->exposureStart, last);
        last = picture->exposureStart;
        different.insert(picture->jpeg);
    }
    EXPECT_EQ(different.size(), 100U);
}

TEST_F(CameraProgramTest, FinishesWithAnotherProgramWhatAKilledOneHadBegun) {
    configure("backend = \"pattern\"\nframe_rate = 1");
    startClient();
    ASSERT_TRUE(take());
    auto answer = ask();
    ASSERT_EQ(programs().size(), 1U);
    const pid_t killed = programs()[0];
    ::kill(killed, SIGKILL);

    const auto picture = wait(std::move(answer));

    ASSERT_TRUE(picture) << picture.error().message;
    EXPECT_NE(programs().at(0), killed);
    EXPECT_TRUE(waitForState(true));
}

TEST_F(CameraProgramTest, KillsAProgramThatHangsAndTheNextCaptureWorks) {
    configure("backend = \"pattern\"");
    startClient();
    ASSERT_TRUE(take());
    const pid_t hung = programs().at(0);
    ::kill(hung, SIGSTOP);
    PictureRequest request;
    request.timeout = seconds{1};
    const auto start = std::chrono::steady_clock::now();

    const auto failed = take(request);

    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::kTimeout);
    EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds{1500});
    request.timeout = seconds{8};
    const auto next = take(request);
    ASSERT_TRUE(next) << next.error().message;
    EXPECT_NE(programs().at(0), hung);
    EXPECT_EQ(programs().size(), 1U);
}

TEST_F(CameraProgramTest, EndsWhenNobodyWantsPicturesAndComesBack) {
    configure("backend = \"pattern\"\nkeep_warm = \"0s\"");
    startClient();
    ASSERT_TRUE(take());
    ASSERT_EQ(programs().size(), 1U);
    ASSERT_TRUE(loop.waitFor([] { return programs().empty(); }, seconds{20}));
    EXPECT_TRUE(state().online) << "an idle camera is not a missing one";

    const auto picture = take();

    EXPECT_TRUE(picture) << picture.error().message;
}

TEST_F(CameraProgramTest, WaitsForOneThatIsLongInEnding) {
    configure("backend = \"pattern\"\nkeep_warm = \"0s\"");
    // The connection ends with the program; what started it stays for a moment.
    const std::string mark = directory.file("ended");
    const std::string slow = directory.write("slow", std::string("#!/bin/sh\n") + EDGE_CAMERA_BINARY +
                                                         " \"$@\" &\nexec 3>&-\nwait\ntouch " + mark + "\nsleep 1\n");
    std::filesystem::permissions(slow, std::filesystem::perms::owner_all);
    startClient(slow);
    ASSERT_TRUE(take());
    ASSERT_TRUE(loop.waitFor([&] { return std::filesystem::exists(mark); }, seconds{20}));

    const auto picture = take();

    EXPECT_TRUE(picture) << picture.error().message;
}

TEST_F(CameraProgramTest, LeavesNothingBehind) {
    configure("backend = \"pattern\"");
    std::set<std::size_t> fds;
    for (int i = 0; i < 10; ++i) {
        startClient();
        ASSERT_TRUE(take());
        endClient();
        EXPECT_TRUE(programs().empty());
        fds.insert(openFds());
    }
    EXPECT_LE(*fds.rbegin(), *fds.begin() + 3) << "some go a moment later, but they do not pile up";
}

TEST_F(CameraProgramTest, SaysThatTheProgramIsMissing) {
    configure("backend = \"pattern\"");
    startClient("/nonexistent/pi-edge-camera");

    const auto picture = take();

    ASSERT_FALSE(picture);
    EXPECT_EQ(picture.error().code, Errc::kUnavailable);
    EXPECT_NE(picture.error().message.find("/nonexistent/pi-edge-camera"), std::string::npos);
}

TEST_F(CameraProgramTest, SurvivesAProgramThatIsSomethingElse) {
    configure("backend = \"pattern\"");
    for (const char* program : {"/bin/true", "/bin/cat", "/etc/passwd"}) {
        startClient(program);
        const auto picture = take();
        ASSERT_FALSE(picture) << program;
        EXPECT_EQ(picture.error().code, Errc::kUnavailable);
        endClient();
    }
}

TEST_F(CameraProgramTest, SaysThatItsConfigurationIsRefused) {
    configure("backend = \"pattern\"\nwidth = 7");
    startClient();

    const auto picture = take();

    ASSERT_FALSE(picture);
    EXPECT_NE(picture.error().message.find("configuration"), std::string::npos) << picture.error().message;
}

TEST_F(CameraProgramTest, SaysThatThereIsNothingToReplay) {
    configure("backend = \"replay\"\ndevice = \"" + directory.path() + "\"");
    startClient();
    const auto start = std::chrono::steady_clock::now();

    const auto picture = take();

    ASSERT_FALSE(picture);
    EXPECT_NE(picture.error().message.find(directory.path()), std::string::npos) << picture.error().message;
    EXPECT_LT(std::chrono::steady_clock::now() - start, seconds{3});
    EXPECT_FALSE(state().online);
}

TEST_F(CameraProgramTest, FindsACameraThatAppears) {
    configure("backend = \"pattern\"");
    startClient();
    const auto picture = take();
    ASSERT_TRUE(picture);
    endClient();
    std::filesystem::create_directory(directory.file("pictures"));
    configure("backend = \"replay\"\ndevice = \"" + directory.file("pictures") + "\"");
    startClient();
    ASSERT_TRUE(waitForReason());
    EXPECT_FALSE(state().online);

    directory.write("pictures/a.jpg", picture->jpeg);

    EXPECT_TRUE(waitForState(true));
}

}  // namespace
}  // namespace edge
