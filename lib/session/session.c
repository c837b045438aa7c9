/* Sessions: opening and closing them, connecting to their broker, and flushing. */
#include "session/session.h"

#include "base/deadline.h"
#include "base/mutant.h"
#include "base/name.h"
#include "base/thread_error.h"
#include "base/within.h"
#include "session/call.h"
#include "session/fork.h"
#include "session/fork_heir.h"
#include "session/interrupt.h"
#include "session/key_source.h"
#include "session/outbox.h"
#include "session/part.h"
#include "session/private_broker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* Milliseconds. */
#define CONNECT_TIMEOUT 10000

/* What session_patience() adds. */
#define PATIENCE        (500 * NSEC_PER_MSEC)

uint32_t session_timeout(nsec_t deadline)
{
	uint32_t left = clock_msec_until(clock_now(), deadline);
	return left == 0 && deadline != 0 ? 1 : left;
}

nsec_t session_patience(nsec_t deadline)
{
	if (deadline == NSEC_NEVER)
		return within_limit(NSEC_NEVER);
	nsec_t now = clock_now();
	return within_limit((deadline > now ? deadline : now) + PATIENCE);
}

nsec_t session_limit(const struct relevo_session *session)
{
	return within_limit(clock_now() + (nsec_t)session->connect_timeout * NSEC_PER_MSEC);
}

int session_connect(struct relevo_session *session, nsec_t patience, struct error *error)
{
	struct connection *connection = &session->connection;
	while (connection->opening) {
		if (!connection_wait_change(session, patience))
			return error_set(error, RELEVO_TIMED_OUT,
					 "the broker at %s does not answer", session->address.url);
	}
	if (session_is_connected(session))
		return RELEVO_OK;
	if (connection->channel == NULL && fork_heir_take(session))
		return RELEVO_OK;
	nsec_t deadline = session_limit(session);
	return connection_open(session, patience < deadline ? patience : deadline, error);
}

int session_enter(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	session_lock(session);
	if (session_is_connected(session))
		return RELEVO_OK;
	int status = session_connect(session, session_patience(deadline), error);
	if (status != RELEVO_OK)
		session_unlock(session);
	return status;
}

void session_owe_callbacks(struct relevo_session *session)
{
	session->callbacks_due = true;
	/* Whoever reads may wait for something else yet. */
	flusher_notify(session);
}

void session_run_callbacks(struct relevo_session *session)
{
	if (!session->callbacks_due)
		return;
	session->callbacks_due = false;
	parts_call_back(session, 0, NULL);
}

void session_leave(struct relevo_session *session)
{
	if (session->callbacks_due)
		session_run_callbacks(session);
	session_unlock(session);
}

/* A name that was given has to be one; that of the program may be anything. */
static void session_take_name(struct relevo_session *session, const char *given)
{
	if (given != NULL)
		snprintf(session->name, sizeof session->name, "%s", given);
	else
		name_adapt(program_invocation_short_name, session->name, sizeof session->name);
}

void session_name_client(struct relevo_session *session)
{
	ssize_t size = getrandom(session->client, sizeof session->client, GRND_NONBLOCK);
	session->has_client = size == sizeof session->client;
	memcpy(&session->gap.random, session->client, sizeof session->gap.random);
}

static struct relevo_session *session_make(const struct relevo_session_options *options)
{
	struct relevo_session *session = calloc(1, sizeof *session);
	if (session == NULL)
		return NULL;
	if (!connection_init(&session->connection)) {
		free(session);
		return NULL;
	}
	pthread_mutex_init(&session->lock, NULL);
	session_name_client(session);
	flusher_init(&session->flusher);
	session_take_name(session, options->name);
	session->connect_timeout = options->timeout > 0 ? options->timeout : CONNECT_TIMEOUT;
	session->data.use.fd = -1;
	session->wake_fd = -1;
	session->interrupt_fd = -1;
	list_init(&session->aside);
	session->go_on = (struct go_on){ options->go_on, options->user };
	return session;
}

static void session_dispose(struct relevo_session *session)
{
	fork_heir_drop(session);
	interrupt_forget(session);
	connection_fini(&session->connection);
	key_free(session->key);
	private_broker_release(session->embedded);
	data_socket_leave(&session->data.use);
	free(session->data.program);
	flusher_fini(&session->flusher);
	parts_free(session);
	pthread_mutex_destroy(&session->lock);
	free(session);
}

static int session_take_program(struct relevo_session *session, const char *program,
				struct error *error)
{
	session->data.program = program != NULL ? strdup(program) : NULL;
	if (program != NULL && session->data.program == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a session");
	return RELEVO_OK;
}

static struct relevo_session *session_new_here(const struct relevo_session_options *options)
{
	struct relevo_session *session = session_make(options);
	if (session == NULL || fork_register(session))
		return session;
	session_dispose(session);
	return NULL;
}

void session_free(struct relevo_session *session)
{
	flusher_stop(session);
	fork_unregister(session);
	session_dispose(session);
}

struct relevo_session *session_bare(const struct relevo_session *session)
{
	const struct relevo_session_options options = { .name = session->name };
	struct relevo_session *bare = session_make(&options);
	if (bare == NULL)
		return NULL;
	bare->address = session->address;
	/* Without a reference: whoever has this one has that, too. */
	bare->embedded = session->embedded;
	bare->data.follows = true;
	return bare;
}

void session_discard(struct relevo_session *session)
{
	session->embedded = NULL;
	/* Started where the broker did not answer in time. */
	flusher_stop(session);
	session_dispose(session);
}

static int session_connect_now(struct relevo_session *session, nsec_t deadline, struct error *error)
{
	pthread_mutex_lock(&session->lock);
	int status = connection_open(session, deadline, error);
	pthread_mutex_unlock(&session->lock);
	return status;
}

static int session_connect_to(struct relevo_session *session, const char *url,
			      const struct key_source *key, nsec_t deadline, struct error *error)
{
	int status = address_parse(url, &session->address, error);
	if (status != RELEVO_OK)
		return status;
	if (session->address.kind == ADDRESS_FD)
		return error_set(error, RELEVO_BAD_ADDRESS,
				 "%s is an address to listen at, not to connect to", url);
	if (session->address.kind == ADDRESS_TCP)
		status = key_source_load(key, deadline, &session->key, error);
	if (status != RELEVO_OK)
		return status;
	return session_connect_now(session, deadline, error);
}

int session_like(const struct relevo_session *session, nsec_t deadline,
		 struct relevo_session **other, struct error *error)
{
	const struct relevo_session_options options = {
		.name = session->name,
		.timeout = session->connect_timeout,
		.go_on = session->go_on.ask,
		.user = session->go_on.user,
	};
	struct relevo_session *made = session_new_here(&options);
	if (made == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a session");
	made->address = session->address;
	if (session->embedded != NULL)
		made->embedded = private_broker_again(session->embedded);
	int status = session_take_program(made, session->data.program, error);
	if (status == RELEVO_OK && session->key != NULL) {
		made->key = malloc(sizeof *made->key);
		if (made->key != NULL)
			*made->key = *session->key;
		else
			status = error_set(error, RELEVO_NO_MEMORY, "no memory for a key");
	}
	if (status == RELEVO_OK)
		status = session_connect_now(made, deadline, error);
	if (status == RELEVO_OK)
		*other = made;
	else
		session_free(made);
	return status;
}

/*
 * Whether there is none that this program could use: nobody listens, the socket or its
 * folder is another's, or there can be no socket. One that is there and fails otherwise
 * (it stands still, it speaks another version) is not passed over: others may use it.
 */
static bool is_no_broker(int status)
{
	return status == RELEVO_NO_BROKER ||
	       (!MUTANT(no_broker_is_narrow) &&
		(status == RELEVO_DENIED || status == RELEVO_BAD_ADDRESS));
}

/* Local brokers need none. */
static const struct key_source no_key;

static int connect_to_private(struct relevo_session *session, const char *program, nsec_t deadline,
			      struct error *error)
{
	struct address address;
	const struct error why = *error;
	const struct private_broker_start start = { program, why.text, deadline };
	int status = private_broker_acquire(&start, &session->embedded, &address, error);
	if (status != RELEVO_OK)
		return status;
	return session_connect_to(session, address.url, &no_key, deadline, error);
}

/* What the environment names, or the user's own broker or, if there is none, a private one. */
static int connect_by_default(struct relevo_session *session,
			      const struct relevo_session_options *options, nsec_t deadline,
			      struct error *error)
{
	const struct key_source key = { options->key_file, options->key };
	const char *named = secure_getenv("RELEVO_URL");
	if (named != NULL && named[0] != '\0')
		return session_connect_to(session, named, &key, deadline, error);
	char url[ADDRESS_MAX];
	int status = address_default(url, error);
	if (status == RELEVO_OK)
		status = session_connect_to(session, url, &no_key, deadline, error);
	if (is_no_broker(status) && !options->no_private_broker)
		status = connect_to_private(session, options->broker, deadline, error);
	return status;
}

int relevo_session_open(const char *url, const struct relevo_session_options *options,
			relevo_session **out)
{
	static const struct relevo_session_options defaults;
	struct error *error = thread_error();
	if (!known(relevo_session_options, options))
		return RELEVO_BAD_ARGUMENT;
	if (options == NULL)
		options = &defaults;
	if (out == NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT, "no place for the session is given");
	if (options->timeout < 0)
		return error_set(error, RELEVO_BAD_ARGUMENT, "the connect time-out is negative");
	const struct key_source key = { options->key_file, options->key };
	int status = key_source_check(&key, error);
	if (status != RELEVO_OK)
		return status;
	struct relevo_session *session = session_new_here(options);
	if (session == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a session");
	nsec_t deadline = session_limit(session);
	status = session_take_program(session, options->broker, error);
	if (status == RELEVO_OK)
		status = url != NULL ? session_connect_to(session, url, &key, deadline, error)
				     : connect_by_default(session, options, deadline, error);
	if (status != RELEVO_OK) {
		session_free(session);
		return status;
	}
	*out = session;
	return RELEVO_OK;
}

const char *relevo_session_url(const relevo_session *session)
{
	if (!given(session))
		return "";
	return session->address.url;
}

size_t relevo_session_max_item(const relevo_session *session)
{
	if (!given(session))
		return 0;
	return session->connection.limits.max_item;
}
