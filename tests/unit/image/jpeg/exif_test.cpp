// SPDX-License-Identifier: MIT
#include <memory>

#include <libexif/exif-data.h>

#include "unit/image/test_pictures.hpp"

namespace edge {
namespace {

struct Unref {
    void operator()(ExifData* data) const { exif_data_unref(data); }
};

/// As a viewer reads it; "" where it is not there.
std::string field(std::span<const std::uint8_t> jpeg, ExifIfd ifd, ExifTag tag) {
    const std::unique_ptr<ExifData, Unref> data(
        exif_data_new_from_data(jpeg.data(), static_cast<unsigned int>(jpeg.size())));
    if (data == nullptr) return "";
    ExifEntry* entry = exif_content_get_entry(data->ifd[ifd], tag);
    if (entry == nullptr) return "";
    std::array<char, 256> text{};
    return exif_entry_get_value(entry, text.data(), text.size());
}

TEST(Exif, HasTimeModelAndExposure) {
    RenderOptions options = optionsFor(64, 64);
    options.exif.time = WallTime{std::chrono::milliseconds{1'795'000'000'123}};
    options.exif.model = "imx708";
    options.exif.software = "pi-edge-agent";
    options.exif.exposureSeconds = 0.01;
    options.exif.analogueGain = 2.0;
    const auto jpeg = JpegRenderer().render(makeYuv420(64, 64).view, options)->jpeg;

    EXPECT_EQ(field(jpeg, EXIF_IFD_0, EXIF_TAG_MODEL), "imx708");
    EXPECT_EQ(field(jpeg, EXIF_IFD_0, EXIF_TAG_SOFTWARE), "pi-edge-agent");
    EXPECT_EQ(field(jpeg, EXIF_IFD_EXIF, EXIF_TAG_DATE_TIME_ORIGINAL), "2026:11:18 11:06:40");
    EXPECT_EQ(field(jpeg, EXIF_IFD_EXIF, EXIF_TAG_SUB_SEC_TIME_ORIGINAL), "123");
    EXPECT_NE(field(jpeg, EXIF_IFD_EXIF, EXIF_TAG_EXPOSURE_TIME).find("1/100"), std::string::npos);
    EXPECT_EQ(field(jpeg, EXIF_IFD_EXIF, EXIF_TAG_ISO_SPEED_RATINGS), "200");
}

TEST(Exif, IsTheFirstSegmentAndReplacesAForeignOne) {
    RenderOptions options = optionsFor(64, 64);
    options.exif.model = "first";
    const auto camera = JpegRenderer().render(makeYuv420(64, 64).view, options)->jpeg;
    ASSERT_EQ(camera.data()[3], 0xE1);

    FrameView view{PixelFormat::kMjpeg, ColorRange::kFull, 64, 64, {}};
    view.planes[0] = {camera.data(), camera.size(), 0};
    options.exif.model = "second";
    const auto jpeg = JpegRenderer().render(view, options)->jpeg;
    EXPECT_EQ(field(jpeg, EXIF_IFD_0, EXIF_TAG_MODEL), "second");
    const std::string text(jpeg.begin(), jpeg.end());
    EXPECT_EQ(text.find("first"), std::string::npos);
}

}  // namespace
}  // namespace edge
