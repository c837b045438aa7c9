/* The thread that passes on what goes over Unix sockets, and cuts them. */
#include "support/cutter.h"

#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PAIRS = 32, BYTES = 64 * 1024 };

/* What one end has said and the other has not been told. */
struct half {
	int fd;
	size_t begin, end;
	uint8_t bytes[BYTES];
};

struct pair {
	bool used;
	struct half ends[2]; /* the client, the broker */
};

struct crowd {
	struct cutter *cutter;
	size_t left; /* bytes until the next cut by itself; 0: to be chosen */
	struct pair pairs[PAIRS];
};

static uint32_t next_random(struct cutter *cutter)
{
	cutter->seed = cutter->seed * 1664525u + 1013904223u;
	return cutter->seed >> 8;
}

static void pair_close(struct pair *pair)
{
	if (!pair->used)
		return;
	/* A child of the test's may have them, too. */
	for (int i = 0; i < 2; i++) {
		shutdown(pair->ends[i].fd, SHUT_RDWR);
		close(pair->ends[i].fd);
	}
	pair->used = false;
}

static void cut_all(struct crowd *crowd)
{
	for (size_t i = 0; i < PAIRS; i++)
		pair_close(&crowd->pairs[i]);
	crowd->left = 0;
	atomic_fetch_add(&crowd->cutter->cuts, 1);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static void let_in(struct crowd *crowd)
{
	int client = accept4(crowd->cutter->listener, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0)
		return;
	atomic_fetch_add(&crowd->cutter->attempts, 1);
	struct pair *pair = crowd->pairs;
	while (pair < crowd->pairs + PAIRS && pair->used)
		pair++;
	int broker = -1;
	if (pair < crowd->pairs + PAIRS && !atomic_load(&crowd->cutter->away))
		broker = connect_to(crowd->cutter->path);
	if (broker < 0) {
		close(client);
		return;
	}
	pair->used = true;
	pair->ends[0] = (struct half){ .fd = client };
	pair->ends[1] = (struct half){ .fd = broker };
	for (int i = 0; i < 2; i++)
		fcntl(pair->ends[i].fd, F_SETFL, O_NONBLOCK);
}

/* False: the connection is over. */
static bool take_in(struct crowd *crowd, struct pair *pair, int side)
{
	struct cutter *cutter = crowd->cutter;
	struct half *half = &pair->ends[side];
	ssize_t got = recv(half->fd, half->bytes, BYTES, 0);
	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	unsigned apart = atomic_load(&cutter->apart);
	if (apart > 0 && crowd->left == 0)
		crowd->left = 1 + next_random(cutter) % (2 * apart);
	half->begin = 0;
	half->end = (size_t)got;
	if (side == 0 && atomic_load(&cutter->swallows))
		half->end = 0;
	if (apart == 0 || crowd->left > (size_t)got) {
		crowd->left -= apart > 0 ? (size_t)got : 0;
		return true;
	}
	/* A part of it is still said. */
	ssize_t sent = send(pair->ends[1 - side].fd, half->bytes, crowd->left,
			    MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)sent;
	cut_all(crowd);
	return true;
}

static bool pass_out(struct pair *pair, int side)
{
	struct half *half = &pair->ends[side];
	ssize_t sent = send(pair->ends[1 - side].fd, half->bytes + half->begin,
			    half->end - half->begin, MSG_NOSIGNAL);
	if (sent < 0)
		return errno == EAGAIN;
	half->begin += (size_t)sent;
	return true;
}

static bool has_more(const struct half *half)
{
	return half->begin < half->end;
}

static void serve(struct crowd *crowd, struct pair *pair, const struct pollfd *entries)
{
	bool open = true;
	for (int side = 0; side < 2 && open && pair->used; side++) {
		if ((entries[side].revents & (POLLIN | POLLHUP | POLLERR)) != 0 &&
		    !has_more(&pair->ends[side]))
			open = take_in(crowd, pair, side);
		if (pair->used && open && has_more(&pair->ends[side]))
			open = pass_out(pair, side);
	}
	if (!open)
		pair_close(pair);
}

static void look_at_pairs(struct crowd *crowd, const struct pollfd *entries)
{
	for (size_t i = 0; i < PAIRS; i++) {
		if (crowd->pairs[i].used && entries[2 * i].fd >= 0)
			serve(crowd, &crowd->pairs[i], entries + 2 * i);
	}
}

static void describe(const struct crowd *crowd, struct pollfd *entries)
{
	for (size_t i = 0; i < PAIRS; i++) {
		const struct pair *pair = &crowd->pairs[i];
		for (int side = 0; side < 2; side++) {
			struct pollfd *entry = &entries[2 * i + (size_t)side];
			*entry = (struct pollfd){ .fd = pair->used ? pair->ends[side].fd : -1 };
			if (!has_more(&pair->ends[side]))
				entry->events |= POLLIN;
			if (has_more(&pair->ends[1 - side]))
				entry->events |= POLLOUT;
			/* Nothing but its end, which is seen when it may speak again. */
			if (entry->events == 0)
				entry->fd = -1;
		}
		/* Both or none, so that a pair is known by its first. */
		if (pair->used && entries[2 * i].fd < 0)
			entries[2 * i].fd = pair->ends[0].fd;
	}
}

static void *cutter_run(void *argument)
{
	struct cutter *cutter = argument;
	static struct crowd crowd;
	crowd = (struct crowd){ .cutter = cutter };
	while (!atomic_load(&cutter->stop)) {
		struct pollfd entries[2 + 2 * PAIRS] = {
			{ .fd = cutter->listener, .events = POLLIN },
			{ .fd = cutter->wake, .events = POLLIN },
		};
		describe(&crowd, entries + 2);
		poll(entries, 2 + 2 * PAIRS, TEST_PATIENCE);
		eventfd_t count;
		if (entries[1].revents != 0)
			eventfd_read(cutter->wake, &count);
		if (atomic_load(&cutter->cut)) {
			cut_all(&crowd);
			atomic_store(&cutter->cut, false);
			continue;
		}
		look_at_pairs(&crowd, entries + 2);
		if (entries[0].revents != 0)
			let_in(&crowd);
	}
	for (size_t i = 0; i < PAIRS; i++)
		pair_close(&crowd.pairs[i]);
	return NULL;
}

void cutter_start(struct cutter *cutter, const char *url, uint32_t seed)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	*cutter = (struct cutter){ .seed = seed };
	assert_int_equal(strncmp(url, "ipc://", 6), 0);
	snprintf(cutter->path, sizeof cutter->path, "%s", url + 6);
	cutter->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	cutter->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(cutter->listener >= 0 && cutter->wake >= 0);
	int size = snprintf(address.sun_path + 1, sizeof address.sun_path - 1, "relevo-cutter-%d",
			    (int)getpid());
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
	assert_int_equal(bind(cutter->listener, (struct sockaddr *)&address, length), 0);
	assert_int_equal(listen(cutter->listener, 64), 0);
	snprintf(cutter->url, sizeof cutter->url, "abstract://%s", address.sun_path + 1);
	assert_int_equal(pthread_create(&cutter->thread, NULL, cutter_run, cutter), 0);
}

void cutter_cut(struct cutter *cutter)
{
	atomic_store(&cutter->cut, true);
	eventfd_write(cutter->wake, 1);
	for (int i = 0; i < TEST_PATIENCE && atomic_load(&cutter->cut); i++)
		poll(NULL, 0, 1);
	assert_false(atomic_load(&cutter->cut));
}

void cutter_stop(struct cutter *cutter)
{
	atomic_store(&cutter->stop, true);
	eventfd_write(cutter->wake, 1);
	assert_int_equal(pthread_join(cutter->thread, NULL), 0);
	close(cutter->listener);
	close(cutter->wake);
}
