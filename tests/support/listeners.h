#ifndef SUPPORT_LISTENERS_H
#define SUPPORT_LISTENERS_H

#include "support/pipes.h"

/* At a free port of this host; the key file may be "" for none. */
relevo_listener *listener_at_any_port(const char *key_file);

/* The other end is closed, and nothing is left. */
void pipe_expect_end(relevo_pipe *pipe);

/* A text goes each way; then both are closed. */
void pipe_expect_talk(relevo_pipe *one, relevo_pipe *other);

/*
 * A child that is forked before this process uses tcp, after which none of its children
 * could; it is told later where to connect.
 */
struct early {
	struct gate gate;
	pid_t child;
	char *address;  /* shared */
	char *key_file; /* shared; empty: none */
};

void early_start(struct early *early, void (*body)(void *early));
void early_go(struct early *early, const relevo_listener *listener, const char *key_file);

/* It ends with success. */
void early_end(struct early *early);

/* In the child: wait until it may go, and connect. */
relevo_pipe *early_connect(struct early *early);

#endif
