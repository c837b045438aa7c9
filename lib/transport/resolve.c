/* From the names of hosts to their addresses, without waiting longer than one wants to. */
#include "transport/resolve.h"

#include "base/mutant.h"
#include "os/thread.h"
#include "transport/descriptors.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What getaddrinfo() has open at a time, at most. */
enum { DESCRIPTORS_NEEDED = 3 };

/* ---- what needs no asking ------------------------------------------------------- */

static void resolve_add(struct resolved *resolved, const struct sockaddr *address)
{
	union socket_place *place = &resolved->places[resolved->count];
	if (resolved->count == RESOLVED_MAX)
		return;
	if (address->sa_family == AF_INET)
		place->v4 = *(const struct sockaddr_in *)(const void *)address;
	else if (address->sa_family == AF_INET6)
		place->v6 = *(const struct sockaddr_in6 *)(const void *)address;
	else
		return;
	resolved->count++;
}

static void add_all(struct resolved *resolved, const struct addrinfo *found)
{
	resolved->count = 0;
	for (; found != NULL; found = found->ai_next)
		resolve_add(resolved, found->ai_addr);
}

static bool is_this_host(const char *host)
{
	static const char name[] = "localhost";
	const size_t size = sizeof name - 1;
	size_t length = strlen(host);
	if (length > 0 && host[length - 1] == '.')
		length--;
	if (length < size || strncasecmp(host + length - size, name, size) != 0)
		return false;
	return length == size || host[length - size - 1] == '.';
}

static void add_this_host(struct resolved *resolved)
{
	const union socket_place v4 = {
		.v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) },
	};
	const union socket_place v6 = {
		.v6 = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT },
	};
	resolve_add(resolved, &v4.any);
	resolve_add(resolved, &v6.any);
}

static bool is_known(const char *host, struct resolved *resolved)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST,
	};
	struct addrinfo *found;
	resolved->count = 0;
	if (is_this_host(host) && !MUTANT(localhost_is_asked_for)) {
		add_this_host(resolved);
		return true;
	}
	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return false;
	add_all(resolved, found);
	freeaddrinfo(found);
	return resolved->count > 0;
}

/* ---- asking --------------------------------------------------------------------- */

/* Shared by who asks and the thread that finds out; whoever is through with it last frees
 * it. */
struct question {
	pthread_mutex_t mutex;
	pthread_cond_t answered;
	bool done;      /* the thread is through with it */
	bool abandoned; /* who asked is */
	int failure;    /* of getaddrinfo() */
	int why;        /* errno with it */
	struct resolved resolved;
	char host[ADDRESS_MAX];
};

static void question_free(struct question *question)
{
	pthread_cond_destroy(&question->answered);
	pthread_mutex_destroy(&question->mutex);
	free(question);
}

static void resolve_look_up(struct question *question)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	question->failure = getaddrinfo(question->host, NULL, &hints, &found);
	question->why = question->failure == EAI_SYSTEM ? errno : 0;
	/* It may take what it cannot open for what is not there. */
	if (question->failure != 0 && question->why == 0)
		question->why = descriptors_left(DESCRIPTORS_NEEDED);
	if (question->failure != 0)
		return;
	add_all(&question->resolved, found);
	freeaddrinfo(found);
}

static void *find_out(void *argument)
{
	struct question *question = argument;
	resolve_look_up(question);
	pthread_mutex_lock(&question->mutex);
	question->done = true;
	bool abandoned = question->abandoned;
	pthread_cond_signal(&question->answered);
	pthread_mutex_unlock(&question->mutex);
	if (abandoned)
		question_free(question);
	return NULL;
}

static int resolve_start(struct question *question)
{
	pthread_t thread;
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	int failure = thread_start(&thread, &attributes, find_out, question);
	pthread_attr_destroy(&attributes);
	return failure;
}

/* False: it is not answered, and the thread's alone from now on. */
static bool wait_for_answer(struct question *question, nsec_t deadline)
{
	const struct timespec until = clock_timespec(deadline);
	int late = 0;
	pthread_mutex_lock(&question->mutex);
	while (!question->done && late == 0)
		late = deadline == NSEC_NEVER
			       ? pthread_cond_wait(&question->answered, &question->mutex)
			       : pthread_cond_clockwait(&question->answered, &question->mutex,
							CLOCK_MONOTONIC, &until);
	bool done = question->done;
	question->abandoned = !done;
	pthread_mutex_unlock(&question->mutex);
	return done;
}

static int resolve_judge(const struct question *question, struct error *error)
{
	if (question->failure == 0 && question->resolved.count > 0)
		return RELEVO_OK;
	if (question->failure == EAI_MEMORY)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to look up the host %s",
				 question->host);
	if (question->why != 0)
		return error_set_errno(error, RELEVO_SYSTEM, question->why,
				       "the host %s cannot be looked up", question->host);
	return error_set(error, RELEVO_NOT_FOUND, "the host %s is not known: %s", question->host,
			 question->failure != 0 ? gai_strerror(question->failure)
						: "it has no address");
}

static int resolve_ask(const char *host, nsec_t deadline, struct resolved *resolved,
		       struct error *error)
{
	struct question *question = calloc(1, sizeof *question);
	if (question == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory to look up the host %s", host);
	pthread_mutex_init(&question->mutex, NULL);
	pthread_cond_init(&question->answered, NULL);
	snprintf(question->host, sizeof question->host, "%s", host);
	int failure = resolve_start(question);
	if (failure != 0) {
		question_free(question);
		return error_set_errno(error, RELEVO_SYSTEM, failure,
				       "no thread to look up the host %s", host);
	}
	if (!wait_for_answer(question, deadline))
		return error_set(error, RELEVO_TIMED_OUT,
				 "the host %s is not known in time: no name server answers", host);
	int status = resolve_judge(question, error);
	*resolved = question->resolved;
	question_free(question);
	return status;
}

int resolve(const struct address *address, nsec_t deadline, struct resolved *resolved,
	    struct error *error)
{
	if (is_known(address->place, resolved))
		return RELEVO_OK;
	return resolve_ask(address->place, deadline, resolved, error);
}

/* ---- what they are -------------------------------------------------------------- */

void resolve_url(const union socket_place *place, int port, char url[ADDRESS_MAX])
{
	char host[INET6_ADDRSTRLEN] = "", zone[16] = "";
	bool v6 = place->any.sa_family == AF_INET6;
	const void *address =
		v6 ? (const void *)&place->v6.sin6_addr : (const void *)&place->v4.sin_addr;
	inet_ntop(place->any.sa_family, address, host, sizeof host);
	if (v6 && place->v6.sin6_scope_id != 0)
		snprintf(zone, sizeof zone, "%%%u", (unsigned)place->v6.sin6_scope_id);
	snprintf(url, ADDRESS_MAX, v6 ? "tcp://[%s%s]:%d" : "tcp://%s%s:%d", host, zone, port);
}

bool place_is_loopback(const union socket_place *place)
{
	if (place->any.sa_family == AF_INET)
		return ntohl(place->v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	const struct in6_addr *v6 = &place->v6.sin6_addr;
	if (IN6_IS_ADDR_V4MAPPED(v6))
		return v6->s6_addr[12] == IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(v6);
}

int resolve_is_loopback(const struct address *address, bool *loopback, struct error *error)
{
	struct resolved resolved;
	*loopback = true;
	if (address->kind != ADDRESS_TCP)
		return RELEVO_OK;
	int status = resolve(address, clock_now() + RESOLVE_TIME, &resolved, error);
	for (size_t i = 0; status == RELEVO_OK && i < resolved.count; i++)
		*loopback = *loopback && place_is_loopback(&resolved.places[i]);
	return status;
}
