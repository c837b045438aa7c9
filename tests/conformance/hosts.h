#ifndef CONFORMANCE_HOSTS_H
#define CONFORMANCE_HOSTS_H

#include "support/broker.h"
#include "support/process.h"

#include <relevo/relevo.h>
#include <string.h>

/*
 * A broker, a session of the parent over ipc://, and children that use either the
 * handles they inherit, or sessions of their own over tcp:// as from another host.
 * Every test runs once for each. It takes 30 s at most; afterwards the broker has
 * to serve a stranger as before.
 */
struct hosts {
	struct test_broker broker;
	relevo_session *session;
	bool remote;
};

/* For cmocka; *state is a struct hosts. */
int hosts_setup_local(void **state);
int hosts_setup_remote(void **state);
int hosts_teardown(void **state);

#define hosts_test(name)                                                                           \
	{ #name, name, hosts_setup_local, hosts_teardown, NULL },                                  \
	{                                                                                          \
#name "_tcp", name, hosts_setup_remote, hosts_teardown, NULL                       \
	}

/* In a child: the session to open things with. */
relevo_session *hosts_session_of_child(const struct hosts *hosts);

/* In a child: the handle to use. */
relevo_event *hosts_event(const struct hosts *hosts, relevo_event *inherited);
relevo_barrier *hosts_barrier(const struct hosts *hosts, relevo_barrier *inherited);
relevo_value *hosts_value(const struct hosts *hosts, relevo_value *inherited);
relevo_array *hosts_array(const struct hosts *hosts, relevo_array *inherited);

/* What takes from `since` until now took `msec`: not less, and not much more. */
void assert_took(int64_t since, int64_t msec);

/* Memory that children share; all zero. */
void *shared_memory(size_t size);

#endif
