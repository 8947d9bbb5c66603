// SPDX-License-Identifier: MIT OR GPL-2.0
// A thermal zone "cpu-thermal", as a Raspberry Pi has one. Parameters in /sys/module/fake_thermal/parameters:
//   millidegrees  what is read; a negative zone is possible
//   error         an errno: reading fails with it; 0: it does not
//   delay_ms      for how long a reading blocks
// For Linux 6.1, whose way to register a zone this is.
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/thermal.h>

static int millidegrees = 48000;
module_param(millidegrees, int, 0644);
static int error;
module_param(error, int, 0644);
static int delay_ms;
module_param(delay_ms, int, 0644);

static struct thermal_zone_device *zone;

static int get_temp(struct thermal_zone_device *device, int *temperature)
{
	int waited;

	/* In steps: setting delay_ms back ends a wait, and so does a signal that kills. */
	for (waited = 0; waited < READ_ONCE(delay_ms); waited += 100)
		if (msleep_interruptible(100) && signal_pending(current))
			return -EINTR;
	*temperature = millidegrees;
	return -error;
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
