#include "ends.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MUCH = 8 * 1024 * 1024, MOST_AT_ONCE = 70001, SLOW_AT_ONCE = 4999 };

const char *path_of(const char *name)
{
	static char path[ADDRESS_MAX];
	const char *folder = getenv("TMPDIR");
	snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : "/tmp", name);
	return path;
}

const char *url_of(const char *name)
{
	static char url[ADDRESS_MAX];
	const char *folder = getenv("TMPDIR");
	snprintf(url, sizeof url, "ipc://%s/%s", folder != NULL ? folder : "/tmp", name);
	return url;
}

nsec_t soon(void)
{
	return clock_now() + PATIENCE_MSEC * NSEC_PER_MSEC;
}

int try_listen(const char *url, struct listener **listener, struct error *error)
{
	struct address address;
	assert_int_equal(address_parse(url, &address, error), RELEVO_OK);
	return listener_open(&address, listener, error);
}

int try_connect(const char *url, struct channel **channel, struct error *error)
{
	struct address address;
	assert_int_equal(address_parse(url, &address, error), RELEVO_OK);
	return channel_connect(&address, soon(), channel, error);
}

int listen_status(const char *url, struct error *error)
{
	struct listener *listener = NULL;
	*error = (struct error){ 0 };
	int status = try_listen(url, &listener, error);
	assert_null(listener);
	assert_int_equal(error->status, status);
	return status;
}

int connect_status(const char *url, struct error *error)
{
	struct channel *channel = NULL;
	*error = (struct error){ 0 };
	int status = try_connect(url, &channel, error);
	assert_null(channel);
	assert_int_equal(error->status, status);
	return status;
}

struct listener *listen_at(const char *url)
{
	struct listener *listener = NULL;
	struct error error = { 0 };
	if (try_listen(url, &listener, &error) != RELEVO_OK)
		fail_msg("%s: %s", url, error_text(&error));
	return listener;
}

struct channel *connect_to(const char *url)
{
	struct channel *channel = NULL;
	struct error error = { 0 };
	if (try_connect(url, &channel, &error) != RELEVO_OK)
		fail_msg("%s: %s", url, error_text(&error));
	return channel;
}

struct channel *accept_from(struct listener *listener)
{
	struct pollfd entry = { .fd = listener_fd(listener), .events = POLLIN };
	struct channel *channel = NULL;
	int status;
	do {
		assert_int_equal(poll(&entry, 1, PATIENCE_MSEC), 1);
		status = listener_accept(listener, &channel);
	} while (status == TRY_AGAIN);
	assert_int_equal(status, RELEVO_OK);
	return channel;
}

void ends_open(struct ends *ends, const char *url)
{
	ends->listener = listen_at(url);
	ends->client = connect_to(listener_url(ends->listener));
	ends->server = accept_from(ends->listener);
}

void ends_close(struct ends *ends)
{
	channel_close(ends->client);
	channel_close(ends->server);
	listener_close(ends->listener);
}

bool is_ready(struct channel *channel, bool want_send, int timeout)
{
	struct pollfd entry = { .fd = channel_fd(channel),
				.events = channel_events(channel, want_send) };
	return poll(&entry, 1, timeout) == 1;
}

void send_all(struct channel *channel, const void *bytes, size_t size)
{
	while (size > 0) {
		const struct iovec piece = { (void *)(uintptr_t)bytes, size };
		size_t sent = 0;
		int status = channel_send(channel, &piece, 1, &sent);
		if (status == TRY_AGAIN)
			assert_true(is_ready(channel, true, PATIENCE_MSEC));
		else
			assert_int_equal(status, RELEVO_OK);
		bytes = (const char *)bytes + sent;
		size -= sent;
	}
}

void receive_all(struct channel *channel, void *bytes, size_t size)
{
	while (size > 0) {
		size_t received = 0;
		int status = channel_receive(channel, bytes, size, &received);
		if (status == TRY_AGAIN)
			assert_true(is_ready(channel, false, PATIENCE_MSEC));
		else
			assert_int_equal(status, RELEVO_OK);
		bytes = (char *)bytes + received;
		size -= received;
	}
}

int receive_end(struct channel *channel)
{
	for (;;) {
		char bytes[4096];
		size_t received;
		int status = channel_receive(channel, bytes, sizeof bytes, &received);
		if (status == TRY_AGAIN)
			assert_true(is_ready(channel, false, PATIENCE_MSEC));
		else if (status != RELEVO_OK)
			return status;
	}
}

size_t fill(struct channel *channel)
{
	static const char bytes[32768];
	const struct iovec piece = { (void *)(uintptr_t)bytes, sizeof bytes };
	size_t total = 0;
	/* With nng, room comes back for a while as the kernel takes bytes. */
	do {
		size_t sent;
		while (channel_send(channel, &piece, 1, &sent) == RELEVO_OK)
			total += sent;
	} while (is_ready(channel, true, 100));
	return total;
}

void exchange(struct channel *one, struct channel *other)
{
	char received[5];
	send_all(one, "there", sizeof received);
	receive_all(other, received, sizeof received);
	assert_memory_equal(received, "there", sizeof received);
	send_all(other, "back!", sizeof received);
	receive_all(one, received, sizeof received);
	assert_memory_equal(received, "back!", sizeof received);
}

/* ---- much ---------------------------------------------------------------- */

struct end {
	struct channel *channel;
	size_t sent, received;
	size_t most; /* to receive at once */
	uint32_t random;
};

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static uint8_t byte_at(size_t position)
{
	return (uint8_t)((position * 2654435761u) >> 13);
}

static bool send_some(struct end *end)
{
	static _Thread_local uint8_t bytes[MOST_AT_ONCE];
	size_t size = 1 + next_random(&end->random) % MOST_AT_ONCE;
	if (size > MUCH - end->sent)
		size = MUCH - end->sent;
	if (size == 0)
		return false;
	for (size_t i = 0; i < size; i++)
		bytes[i] = byte_at(end->sent + i);
	size_t first = size / 3;
	const struct iovec pieces[] = {
		{ bytes, first },
		{ bytes + first, 0 },
		{ bytes + first, size - first },
	};
	size_t sent;
	int status = channel_send(end->channel, pieces, 3, &sent);
	if (status == TRY_AGAIN)
		return false;
	assert_int_equal(status, RELEVO_OK);
	assert_in_range(sent, 1, size);
	end->sent += sent;
	return true;
}

static bool receive_some(struct end *end)
{
	static _Thread_local uint8_t bytes[MOST_AT_ONCE];
	size_t size = 1 + next_random(&end->random) % end->most;
	size_t received;
	int status = channel_receive(end->channel, bytes, size, &received);
	if (status == TRY_AGAIN)
		return false;
	assert_int_equal(status, RELEVO_OK);
	assert_in_range(received, 1, size);
	for (size_t i = 0; i < received; i++) {
		if (bytes[i] != byte_at(end->received + i))
			fail_msg("byte %zu is wrong", end->received + i);
	}
	end->received += received;
	return true;
}

static bool is_done(const struct end *end)
{
	return end->sent == MUCH && end->received == MUCH;
}

void exchange_much(struct channel *fast, struct channel *slow)
{
	struct end ends[2] = {
		{ .channel = fast, .most = MOST_AT_ONCE, .random = 1 },
		{ .channel = slow, .most = SLOW_AT_ONCE, .random = 2 },
	};
	size_t idle = 0, busy = 0;
	while (!is_done(&ends[0]) || !is_done(&ends[1])) {
		struct pollfd entries[2];
		for (int i = 0; i < 2; i++) {
			bool more = ends[i].sent < MUCH;
			entries[i].fd = channel_fd(ends[i].channel);
			entries[i].events = channel_events(ends[i].channel, more);
		}
		assert_true(poll(entries, 2, PATIENCE_MSEC) > 0);
		for (int i = 0; i < 2; i++) {
			if (entries[i].revents == 0)
				continue;
			bool received = receive_some(&ends[i]);
			bool sent = send_some(&ends[i]);
			*(received || sent ? &busy : &idle) += 1;
		}
	}
	/* A descriptor that is ready for nothing would spin. */
	assert_in_range(idle, 0, busy);
}

static void *send_much(void *argument)
{
	struct end *end = argument;
	while (end->sent < MUCH) {
		if (!send_some(end))
			assert_true(is_ready(end->channel, true, PATIENCE_MSEC));
	}
	return NULL;
}

static void *receive_much(void *argument)
{
	struct end *end = argument;
	while (end->received < MUCH) {
		if (!receive_some(end))
			assert_true(is_ready(end->channel, false, PATIENCE_MSEC));
	}
	return NULL;
}

void exchange_in_threads(struct channel *one, struct channel *other)
{
	struct end ends[4];
	pthread_t threads[4];
	for (int i = 0; i < 4; i++) {
		ends[i] = (struct end){ .channel = i < 2 ? one : other,
					.most = MOST_AT_ONCE,
					.random = (uint32_t)i };
		void *(*work)(void *) = i % 2 == 0 ? send_much : receive_much;
		assert_int_equal(pthread_create(&threads[i], NULL, work, &ends[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

bool has_succeeded(pid_t child)
{
	int status;
	return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* ---- descriptors --------------------------------------------------------- */

int count_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	assert_non_null(folder);
	int count = 0;
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static rlim_t usual_limit;

void exhaust_descriptors(void)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	usual_limit = limit.rlim_cur;
	int lowest_free = dup(STDIN_FILENO);
	assert_true(lowest_free >= 0);
	close(lowest_free);
	limit.rlim_cur = (rlim_t)lowest_free;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

void spare_descriptors(void)
{
	struct rlimit limit;
	if (usual_limit == 0 || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = usual_limit;
	setrlimit(RLIMIT_NOFILE, &limit);
	usual_limit = 0;
}
