#ifndef PROCESS_PROCESS_H
#define PROCESS_PROCESS_H

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/list.h"
#include "base/name.h"
#include "process/target.h"
#include "transport/address.h"
#include "tuple/claim.h"

#include <relevo/process.h>

#include <pthread.h>

/* Whose exit code nobody can know. */
enum { EXIT_UNKNOWN = 255 };

/* Descriptors that the arguments may have: what sendmsg(2) takes at most, less those that
 * a child gets besides. */
enum { ARGUMENT_DESCRIPTORS = 244 };

/* What the object stands for, as seen from this process. */
enum process_role {
	ROLE_CHILD,
	ROLE_SELF,
	ROLE_PARENT,
};

enum process_state {
	PROCESS_NEW,
	PROCESS_STARTING, /* some thread is at it */
	PROCESS_STARTED,
	PROCESS_ENDED,
	PROCESS_DISPOSED,
};

/* "1:2:1": child 1 of child 2 of child 1. A deeper one is cut; it names nothing. */
enum { IDENTITY_SIZE = 64 };

/* The arguments, ready to travel. */
struct process_arguments {
	bool given;
	struct buffer bytes;
	int *fds; /* copies, the object's */
	size_t fd_count;
	int claims[CLAIMS_MAX]; /* to the objects that handles in it stand for */
	size_t claim_count;
	struct private_broker *private_broker; /* that of the objects, held; NULL: there is none */
};

struct relevo_process {
	struct list link; /* among the children that run, see children.h */
	pthread_mutex_t lock;
	enum process_role role;
	enum process_state state;
	pid_t maker; /* the process whose object it is */
	relevo_target *target;
	struct target place; /* of the target, in the program */
	char name[NAME_MAX_BYTES + 1];
	char identity[IDENTITY_SIZE];
	bool daemon;
	enum relevo_start_method method;
	char url[ADDRESS_MAX]; /* "": none was named */
	struct process_arguments arguments;
	pid_t pid;
	int pidfd;
	int status_fd; /* where the fork server tells the exit code; -1: it does not */
	/* Not a child of this process, so that the program's waits do not find it. Of one by fork
	 * or spawn the exit code cannot be known, then. */
	bool aside;
	int exit_code;
};

/* An object of no child: for this process and its parent. */
void process_init(struct relevo_process *process, enum process_role role);

/* The child has them. */
void process_release_arguments(struct relevo_process *process);

/* The exit code is not needed, or is known: descriptors and arguments go. */
void process_release(struct relevo_process *process);

/* ---- process_start.c, start_<method>.c --------------------------------- */

/* Start it as something that belongs to the library: not listed among the children, and in
 * daemons, too. */
int process_start(struct relevo_process *process, struct error *error);

/* Each sets pid, pidfd and, if need be, status_fd. The object is not locked, since a fork
 * takes other locks, but nobody else changes it. */
int start_fork(struct relevo_process *process, struct error *error);
int start_spawn(struct relevo_process *process, struct error *error);
int start_forkserver(struct relevo_process *process, struct error *error);

/* The fork server ends: this process has nothing more to ask of it. */
void start_forkserver_stop(void);

/* ---- process_state.c ---------------------------------------------------- */

/* Look whether it has ended, and if so take its exit code. The object is locked. */
void process_look(struct relevo_process *process);

/* Wait until it has; false when the deadline has passed. The object is not locked. */
bool process_wait(struct relevo_process *process, nsec_t deadline);

#endif
