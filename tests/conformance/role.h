#ifndef CONFORMANCE_ROLE_H
#define CONFORMANCE_ROLE_H

#include "conformance/cast.h"
#include "conformance/props.h"
#include "conformance/stage.h"

/*
 * Cases whose children are processes of the method that the case is played with. By fork
 * a child works with what it has inherited. By forkserver and spawn, and over tcp://, where
 * it is on another host, it has a session and props of its own.
 *
 * Not by fork under the thread sanitizer: there a process that was forked from one with
 * threads may not start any, and a session has some. Only there the other host is entered
 * by spawn, which takes longer and shows nothing else.
 */
#ifndef __SANITIZE_THREAD__
#define ROLE_CASE(name)                                                                            \
	ROLE_ROW(name, fork), ROLE_ROW(name, tcp), ROLE_ROW(name, forkserver), ROLE_ROW(name, spawn)
#define ROLE_LOCAL_CASE(name)                                                                      \
	ROLE_ROW(name, fork), ROLE_ROW(name, forkserver), ROLE_ROW(name, spawn)
#else
#define ROLE_CASE(name)       ROLE_ROW(name, forkserver), ROLE_ROW(name, spawn), ROLE_ROW(name, tcp_spawn)
#define ROLE_LOCAL_CASE(name) ROLE_ROW(name, forkserver), ROLE_ROW(name, spawn)
#endif

#define ROLE_ROW(name, way)                                                                        \
	{                                                                                          \
#name "_" #way, name, role_setup, role_teardown, &role_by_##way                    \
	}

extern struct role_way {
	enum relevo_start_method method;
	bool over_tcp;
} role_by_fork, role_by_tcp, role_by_forkserver, role_by_spawn, role_by_tcp_spawn;

/* The state is the stage. */
int role_setup(void **state);
int role_teardown(void **state);

/* Start a child that runs this with its `play`, as the props describe it. */
relevo_process *role_start(void (*body)(void *play), const struct props *props, void *play);

/* It ends with success, and is freed. */
void role_join(relevo_process *process);

/* SIGKILL, wait, and free. */
void role_kill(relevo_process *process);

#endif
