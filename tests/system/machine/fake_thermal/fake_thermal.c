// SPDX-License-Identifier: MIT OR GPL-2.0
// A thermal zone "cpu-thermal", as a Raspberry Pi has one, whose millidegrees Celsius are a module parameter:
//   echo 61234 > /sys/module/fake_thermal/parameters/millidegrees
// For Linux 6.1, whose way to register a zone this is.
#include <linux/err.h>
#include <linux/module.h>
#include <linux/thermal.h>

static int millidegrees = 48000;
module_param(millidegrees, int, 0644);

static struct thermal_zone_device *zone;

static int get_temp(struct thermal_zone_device *device, int *temperature)
{
	*temperature = millidegrees;
	return 0;
}

static struct thermal_zone_device_ops operations = {
	.get_temp = get_temp,
};

static int __init fake_thermal_init(void)
{
	zone = thermal_zone_device_register("cpu-thermal", 0, 0, NULL, &operations, NULL, 0, 0);
	return PTR_ERR_OR_ZERO(zone);
}

static void __exit fake_thermal_exit(void)
{
	thermal_zone_device_unregister(zone);
}

module_init(fake_thermal_init);
module_exit(fake_thermal_exit);
MODULE_DESCRIPTION("A thermal zone for tests");
MODULE_LICENSE("Dual MIT/GPL");
