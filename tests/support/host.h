#ifndef SUPPORT_HOST_H
#define SUPPORT_HOST_H

#include <stdbool.h>

/*
 * Another host: a network namespace with an address of its own, joined to this one by
 * a virtual cable. It is gone with the process that made it, however that ends.
 */
struct test_host {
	char here[32];  /* our address, as the other host sees it */
	char there[32]; /* its address */
};

/* The other host of this process, made when it is first asked for. NULL, said on
 * standard error once, when the system does not allow it. */
const struct test_host *test_host(void);

/* In a child: be there from now on. Before it has any socket. False: refused. */
bool test_host_enter(void);

/* The same in a process that has this descriptor of the namespace from its parent. */
int test_host_descriptor(void);
bool test_host_enter_at(int descriptor);

/* Unplug the cable, at the other end; and plug it in again. Nothing is told to anybody:
 * what is sent is lost. */
void test_host_unplug(bool unplugged);

/* Take it away, if it was made. */
void test_host_end(void);

#endif
