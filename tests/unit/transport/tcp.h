#ifndef TRANSPORT_TCP_H
#define TRANSPORT_TCP_H

#include "ends.h"

/* What tests of channels over nng share. */

extern const char any_port[];

/*
 * As leaks_unit_test(), for what nng's threads close a little later. nng keeps
 * some descriptors for good: the group's setup makes it start.
 */
#define tcp_test(function) cmocka_unit_test_setup_teardown(function, tcp_setup, tcp_teardown)

int tcp_group_setup(void **state);
int tcp_setup(void **state);
int tcp_teardown(void **state);

int port_of(const struct listener *listener);

/* Another program's socket, and connected; `buffer` bounds what the kernel keeps
 * for it, 0: as usual. */
int raw_socket(int buffer);
void raw_dial(int fd, const struct listener *listener);
int raw_connect(const struct listener *listener, int buffer);

/* Everything up to the end; how many bytes. */
size_t raw_read_all(int fd);

#endif
