#ifndef PROCESS_SELF_H
#define PROCESS_SELF_H

#include "process/process.h"

enum { KEY_SIZE = 32 };

/*
 * What this process is: the program itself, or a child that was told so by its parent.
 */
struct self {
	struct relevo_process process;
	struct relevo_process parent;
	bool has_parent;
	char url[ADDRESS_MAX]; /* of the broker of relevo_process_session(); "": the default */
	uint8_t key[KEY_SIZE];
	size_t key_size;     /* 0: there is none */
	unsigned last_child; /* the children so far */
};

struct self *self(void);

/* The default method as far as it was set; RELEVO_START_DEFAULT: it was not. */
enum relevo_start_method self_method_set(void);
void self_inherit_method(enum relevo_start_method method);

/* The number of the next child that gets a name by number. */
unsigned self_next_child(void);

/* In a new child: who it is, and who made it. `parent_fd` is the pidfd of that, and
 * belongs to this process from now on. */
void self_become(const struct relevo_process *made, pid_t parent, int parent_fd,
		 const char *parent_name);

/* The session that the library opened for the process: at its end. */
void self_close_session(void);

/* ---- self_end.c --------------------------------------------------------- */

/* Have self_finish() called by exit(3). NO_MEMORY. */
int self_at_exit(struct error *error);

/* What has to be done at the end of this process: children are waited for, what was put
 * is sent, and sessions of the library's are closed. */
void self_finish(void);

#endif
