/* This process as a process object: its parent, key, session and start method. */
#include "process/self.h"

#include "base/thread_error.h"

#include <relevo/session.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

static struct self the_self;
static pthread_once_t made = PTHREAD_ONCE_INIT;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of what follows */
static relevo_session *session;
static pid_t session_owner;

static atomic_int default_method;

/* The key has to be secret, and nothing else will do: where the kernel gives no random
 * numbers (a filter of system calls forbids it), there is none. */
static size_t make_key(uint8_t key[KEY_SIZE])
{
	size_t got = 0;
	while (got < KEY_SIZE) {
		ssize_t size = getrandom(key + got, KEY_SIZE - got, 0);
		if (size < 0 && errno != EINTR)
			return 0;
		if (size > 0)
			got += (size_t)size;
	}
	return got;
}

static void self_make(void)
{
	struct self *self = &the_self;
	process_init(&self->process, ROLE_SELF);
	process_init(&self->parent, ROLE_PARENT);
	self->process.pid = getpid();
	strcpy(self->process.name, "MainProcess");
	self->key_size = make_key(self->key);
}

struct self *self(void)
{
	pthread_once(&made, self_make);
	return &the_self;
}

unsigned self_next_child(void)
{
	pthread_mutex_lock(&lock);
	unsigned number = ++self()->last_child;
	pthread_mutex_unlock(&lock);
	return number;
}

void self_become(const struct relevo_process *who, pid_t parent, int parent_fd,
		 const char *parent_name)
{
	struct self *self_ = self();
	struct relevo_process *process = &self_->process;
	/* Threads that held them are not in a child. */
	pthread_mutex_init(&lock, NULL);
	process_init(process, ROLE_SELF);
	snprintf(process->name, sizeof process->name, "%s", who->name);
	snprintf(process->identity, sizeof process->identity, "%s", who->identity);
	process->daemon = who->daemon;
	process->method = who->method;
	process->target = who->target;
	process->pid = getpid();
	snprintf(self_->url, sizeof self_->url, "%s", who->url);
	if (self_->has_parent && self_->parent.pidfd >= 0)
		close(self_->parent.pidfd);
	process_init(&self_->parent, ROLE_PARENT);
	snprintf(self_->parent.name, sizeof self_->parent.name, "%s", parent_name);
	self_->parent.pid = parent;
	self_->parent.pidfd = parent_fd;
	self_->has_parent = true;
	self_->last_child = 0;
}

relevo_process *relevo_process_current(void)
{
	struct self *self_ = self();
	/* After a fork(2) of the program's own. */
	if (self_->process.pid != getpid())
		self_->process.pid = self_->process.maker = getpid();
	return &self_->process;
}

relevo_process *relevo_process_parent(void)
{
	return self()->has_parent ? &self()->parent : NULL;
}

struct relevo_bytes relevo_process_key(void)
{
	return (struct relevo_bytes){ self()->key, self()->key_size };
}

/* ---- the session -------------------------------------------------------- */

int relevo_process_session(relevo_session **out)
{
	if (!given(out))
		return RELEVO_BAD_ARGUMENT;
	const char *url = self()->url[0] != '\0' ? self()->url : NULL;
	int status = self_at_exit(thread_error());
	if (status != RELEVO_OK)
		return status;
	pthread_mutex_lock(&lock);
	/* One that was inherited is the parent's, and may be on its way to be closed. */
	if (session != NULL && session_owner != getpid())
		session = NULL;
	if (session == NULL)
		status = relevo_session_open(url, NULL, &session);
	session_owner = getpid();
	*out = session;
	pthread_mutex_unlock(&lock);
	return status;
}

void self_close_session(void)
{
	pthread_mutex_lock(&lock);
	if (session != NULL && session_owner == getpid())
		relevo_session_close(session);
	session = NULL;
	pthread_mutex_unlock(&lock);
}

/* ---- the default method --------------------------------------------------- */

static const enum relevo_start_method methods[] = { RELEVO_START_FORKSERVER, RELEVO_START_FORK,
						    RELEVO_START_SPAWN, RELEVO_START_DEFAULT };

const enum relevo_start_method *relevo_process_methods(void)
{
	return methods;
}

const char *relevo_process_method_name(enum relevo_start_method method)
{
	static const char *const names[] = { NULL, "forkserver", "fork", "spawn" };
	return method >= RELEVO_START_FORKSERVER && method <= RELEVO_START_SPAWN ? names[method]
										 : NULL;
}

int relevo_process_set_default_method(enum relevo_start_method method, bool force)
{
	struct error *error = thread_error();
	int unset = RELEVO_START_DEFAULT;
	if (relevo_process_method_name(method) == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no start method", (int)method);
	if (force)
		atomic_store(&default_method, (int)method);
	else if (!atomic_compare_exchange_strong(&default_method, &unset, (int)method))
		return error_set(error, RELEVO_BAD_STATE, "the start method was set to %s before",
				 relevo_process_method_name((enum relevo_start_method)unset));
	return RELEVO_OK;
}

enum relevo_start_method self_method_set(void)
{
	return (enum relevo_start_method)atomic_load(&default_method);
}

void self_inherit_method(enum relevo_start_method method)
{
	atomic_store(&default_method, (int)method);
}

enum relevo_start_method relevo_process_default_method(void)
{
	enum relevo_start_method set = self_method_set();
	return set != RELEVO_START_DEFAULT ? set : methods[0];
}
