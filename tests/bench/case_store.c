/* What it costs to make records durable: a flood of small ones, and one at a time. */
#include "base/clock.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "bench/folder.h"
#include "store/store_log.h"

#include <fcntl.h>
#include <poll.h>
#include <relevo/status.h>
#include <unistd.h>

enum {
	RECORD_SIZE = 64,
	GROUP_RECORDS = 1000,
	GROUPS = 3000,
	LONE = 2000,
	WARM_UP = 50,
	BACKLOG_MOST = 16 << 20,
	FILE_SIZE = 64 << 20
};

/* A folder on the disk that is measured. */
struct store_place {
	char path[FOLDER_PATH];
	int fd;
};

static void place_make(struct store_place *place)
{
	folder_new("store", place->path);
	place->fd = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->fd < 0)
		die_errno("open");
}

static void place_remove(struct store_place *place)
{
	close(place->fd);
	folder_remove(place->path);
}

static int no_image(void *context, const struct store_record *record, struct error *error)
{
	(void)context;
	(void)record;
	(void)error;
	return RELEVO_OK;
}

static int no_record(void *context, store_position at, const struct store_record *record,
		     struct error *error)
{
	(void)at;
	return no_image(context, record, error);
}

static struct store *store_open(const struct store_place *place)
{
	const struct store_log_options options = { .folder = place->fd, .path = place->path };
	const struct store_reader reader = { NULL, no_image, no_record };
	struct store *store;
	struct error error = { 0 };
	if (store_log_open(&options, &store, &error) != RELEVO_OK ||
	    store->operations->recover(store, &reader, &error) != RELEVO_OK)
		die("%s", error_text(&error));
	return store;
}

static void count_done(void *context, int status)
{
	int *done = context;
	if (status != RELEVO_OK)
		die("a group is not durable");
	++*done;
}

static void append_group(struct store *store, int records, int *done)
{
	static const uint8_t bytes[RECORD_SIZE];
	const struct store_part part = { bytes, sizeof bytes };
	store_position at;
	for (int i = 0; i < records; i++) {
		if (store->operations->append(store, 1, &part, 1, &at) != RELEVO_OK)
			die("append");
	}
	if (store->operations->commit(store, false, count_done, done) != RELEVO_OK)
		die("commit");
}

static void store_dispatch(struct store *store, bool wait)
{
	struct pollfd event = { .fd = store->operations->descriptor(store), .events = POLLIN };
	if (poll(&event, 1, wait ? -1 : 0) > 0)
		store->operations->dispatch(store);
}

static void commit_one(struct store *store, int *done)
{
	int before = *done;
	append_group(store, 1, done);
	while (*done == before)
		store_dispatch(store, true);
}

double store_append(const struct fixture *fixture)
{
	struct store_place place;
	int done = 0;
	(void)fixture;
	place_make(&place);
	struct store *store = store_open(&place);
	commit_one(store, &done);
	nsec_t start = clock_now();
	for (int i = 0; i < GROUPS; i++) {
		append_group(store, GROUP_RECORDS, &done);
		store_dispatch(store, false);
		while (store->operations->backlog(store) > BACKLOG_MOST)
			store_dispatch(store, true);
	}
	while (done < GROUPS + 1)
		store_dispatch(store, true);
	double seconds = (double)(clock_now() - start) / NSEC_PER_SEC;
	store->operations->close(store);
	place_remove(&place);
	return (double)GROUPS * GROUP_RECORDS / seconds / 1e6;
}

double store_commit(const struct fixture *fixture)
{
	struct store_place place;
	int done = 0;
	(void)fixture;
	place_make(&place);
	struct store *store = store_open(&place);
	for (int i = 0; i < WARM_UP; i++)
		commit_one(store, &done);
	nsec_t start = clock_now();
	for (int i = 0; i < LONE; i++)
		commit_one(store, &done);
	double cost = (double)(clock_now() - start) / LONE / 1000;
	store->operations->close(store);
	place_remove(&place);
	return cost;
}

static int bare_file(const struct store_place *place)
{
	static uint8_t zeros[1 << 20];
	int fd = openat(place->fd, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		die_errno("open");
	for (int at = 0; at < FILE_SIZE; at += (int)sizeof zeros) {
		if (pwrite(fd, zeros, sizeof zeros, at) != (ssize_t)sizeof zeros)
			die_errno("pwrite");
	}
	if (fdatasync(fd) < 0)
		die_errno("fdatasync");
	return fd;
}

double bare_commit(const struct fixture *fixture)
{
	struct store_place place;
	uint8_t bytes[RECORD_SIZE + 61] = { 1 };
	nsec_t start = 0;
	(void)fixture;
	place_make(&place);
	int fd = bare_file(&place);
	for (int i = 0; i < WARM_UP + LONE; i++) {
		if (i == WARM_UP)
			start = clock_now();
		if (pwrite(fd, bytes, sizeof bytes, i * (off_t)sizeof bytes) < 0 ||
		    fdatasync(fd) < 0)
			die_errno("pwrite, fdatasync");
	}
	double cost = (double)(clock_now() - start) / LONE / 1000;
	close(fd);
	place_remove(&place);
	return cost;
}
