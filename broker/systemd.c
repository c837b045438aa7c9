/* What relevod takes from systemd and tells it, or nothing where it was built without. */
#include "systemd.h"

#include "config.h"

#if HAVE_SYSTEMD

#include <systemd/sd-daemon.h>

int systemd_sockets(void)
{
	/* 1: children of ours shall not take them for theirs. */
	int count = sd_listen_fds(1);
	return count > 0 ? count : 0;
}

void systemd_ready(void)
{
	sd_notify(0, "READY=1");
}

void systemd_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

#else

int systemd_sockets(void)
{
	return 0;
}

void systemd_ready(void)
{
}

void systemd_stopping(void)
{
}

#endif
