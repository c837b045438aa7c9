/* Reading what a data folder keeps: see data_load.h. */
#include "cli/data_load.h"

#include "cli/failure.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* So often it is read again, while it changes. */
enum { TRIES = 10 };

int data_failure(const struct error *error)
{
	return failure_say(error->status, "%s", error_text(error));
}

/* ---- records --------------------------------------------------------------- */

/* A record that says nothing is damage, too; what follows is read on. */
static int load_outcome(struct data *data, int status, const struct error *failed,
			struct error *error)
{
	if (status == RELEVO_DAMAGED) {
		if (data->damage.status == RELEVO_OK)
			data->damage = *failed;
		return RELEVO_OK;
	}
	if (status != RELEVO_OK)
		*error = *failed;
	return status;
}

static int load_image(void *context, const struct store_record *record, struct error *error)
{
	struct data *data = context;
	struct error failed = { 0 };
	int status = kept_read_image(&data->kept, record, &failed);
	return load_outcome(data, status, &failed, error);
}

static int load_record(void *context, store_position at, const struct store_record *record,
		       struct error *error)
{
	struct data *data = context;
	struct error failed = { 0 };
	int status = kept_read(&data->kept, at, record, &failed);
	return load_outcome(data, status, &failed, error);
}

/* ---- the folder -------------------------------------------------------------- */

static int load_once(struct data *data, struct error *error)
{
	const struct store_reader reader = { data, load_image, load_record };
	struct error failed = { 0 };
	kept_fini(&data->kept);
	kept_init(&data->kept, (uint64_t)getpid());
	/* Also of files that are missing. */
	if (!space_reach(&data->kept.space, 1))
		return error_set(error, RELEVO_NO_MEMORY, "no memory");
	data->damage = (struct error){ 0 };
	data->verdict = store_log_salvage(&data->options, &reader, &data->found, &failed);
	if (data->verdict == RELEVO_DAMAGED)
		data->damage = failed;
	else if (data->verdict != RELEVO_OK)
		*error = failed;
	else
		data->verdict = data->damage.status;
	return data->verdict == RELEVO_DAMAGED ? RELEVO_OK : data->verdict;
}

/* What is wrong twice, at the same place, is no passing state. A file that is missing may just
 * have become another one. */
static int load_settled(struct data *data)
{
	struct error error = { 0 };
	char before[ERROR_TEXT_SIZE] = "";
	int status = RELEVO_OK;
	for (int i = 0; i < TRIES; i++) {
		status = load_once(data, &error);
		const char *text = status == RELEVO_OK ? data->damage.text : error.text;
		bool good = status == RELEVO_OK && data->verdict == RELEVO_OK;
		if (good || (status != RELEVO_OK && status != RELEVO_STORAGE) ||
		    strcmp(text, before) == 0)
			break;
		snprintf(before, sizeof before, "%s", text);
	}
	return status == RELEVO_OK ? EXIT_DONE : data_failure(&error);
}

/* A broker makes the lock before all else; a backup has none. */
static bool is_data_folder(int fd)
{
	static const char *const names[] = { "lock", "checkpoint", "extent-00000001" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (faccessat(fd, names[i], F_OK, 0) == 0)
			return true;
	}
	return false;
}

static int load_folder(struct data *data)
{
	int fd = open(data->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	data->options = (struct store_log_options){ .folder = fd, .path = data->path };
	if (fd < 0 && errno == ENOENT)
		return failure_say(RELEVO_NOT_FOUND, "there is no folder %s", data->path);
	if (fd < 0)
		return failure_system("the data folder %s", data->path);
	if (!is_data_folder(fd))
		return failure_say(RELEVO_NOT_FOUND, "%s is no data folder: no broker has used it",
				   data->path);
	return EXIT_DONE;
}

int data_load(struct data *data, const char *path)
{
	struct error error = { 0 };
	*data = (struct data){ .path = path };
	kept_init(&data->kept, 0);
	int result = load_folder(data);
	if (result == EXIT_DONE)
		result = load_settled(data);
	if (result == EXIT_DONE &&
	    store_log_open_to_read(&data->options, &data->store, &error) != RELEVO_OK)
		result = data_failure(&error);
	data->walk.store = data->store;
	return result;
}

void data_close(struct data *data)
{
	kept_walk_fini(&data->walk);
	kept_fini(&data->kept);
	if (data->store != NULL)
		data->store->operations->close(data->store);
	if (data->options.folder >= 0)
		close(data->options.folder);
}

/* ---- what is wrong -------------------------------------------------------------- */

int data_look_again(struct data *data)
{
	struct error error = { 0 };
	for (int i = 0; i < 2 && data->walk.gaps.count > 0; i++) {
		struct data newer;
		int result = data_load(&newer, data->path);
		int status = RELEVO_OK;
		if (result == EXIT_DONE) {
			/* With descriptors of files as they are now. */
			data->walk.store = newer.store;
			status = kept_walk_again(&data->walk, &newer.kept, &error);
			data->walk.store = data->store;
		}
		data_close(&newer);
		if (result != EXIT_DONE)
			return result;
		if (status != RELEVO_OK)
			return data_failure(&error);
	}
	return EXIT_DONE;
}

bool data_is_whole(const struct data *data)
{
	return data->verdict == RELEVO_OK && data->walk.gaps.count == 0;
}

int data_say_damage(const struct data *data, const char *done)
{
	const struct kept_gaps *gaps = &data->walk.gaps;
	char readable[96] = "", lost[96] = "";
	const char *what = data->verdict != RELEVO_OK ? data->damage.text : data->walk.first.text;
	if (data->found.readable > 0)
		snprintf(readable, sizeof readable, "; behind it %" PRIu64 " groups can be read",
			 data->found.readable);
	if (gaps->count > 0)
		snprintf(lost, sizeof lost, "; %" PRIu64 " items cannot be read", gaps->items);
	return failure_say(RELEVO_DAMAGED, "%s%s%s%s", what, readable, lost, done);
}

static int compare_names(const void *one, const void *other)
{
	const struct kept_queue *const *left = one, *const *right = other;
	return strcmp((*left)->record.name, (*right)->record.name);
}

struct kept_queue **data_queues(const struct data *data)
{
	const struct map *map = &data->kept.queues;
	struct kept_queue **queues = malloc((map->count + 1) * sizeof(struct kept_queue *));
	size_t count = 0;
	if (queues == NULL) {
		failure_say(RELEVO_NO_MEMORY, "no memory");
		return NULL;
	}
	for (struct map_node *node = map_next(map, NULL); node != NULL; node = map_next(map, node))
		queues[count++] = container_of(node, struct kept_queue, node);
	if (count > 0)
		qsort(queues, count, sizeof(struct kept_queue *), compare_names);
	return queues;
}
