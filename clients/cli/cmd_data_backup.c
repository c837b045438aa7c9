/* The command "data backup": writes all that a data folder keeps into another one. */
#include "cli/commands.h"
#include "cli/data_load.h"
#include "cli/failure.h"
#include "cli/output.h"
#include "data/data_folder.h"
#include "journal/kept_write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * It is written beside, and gets its name when all of it is on the disk: so a folder of that name
 * is never half a backup.
 */
struct backup {
	const char *to;
	char beside[PATH_MAX];
	struct data_folder folder; /* that one */
	struct store *store;
	struct kept_writer writer;
};

/* ---- folders ----------------------------------------------------------------- */

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* What is not there is empty. */
static int expect_empty(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	if (folder == NULL && errno == ENOENT)
		return EXIT_DONE;
	if (folder == NULL)
		return failure_system("the folder %s", path);
	do
		entry = readdir(folder);
	while (entry != NULL && is_dots(entry->d_name));
	int result = entry == NULL
			     ? EXIT_DONE
			     : failure_say(RELEVO_EXISTS, "the folder %s is not empty: it has %s",
					   path, entry->d_name);
	closedir(folder);
	return result;
}

static void remove_files(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		if (!is_dots(entry->d_name))
			unlinkat(dirfd(folder), entry->d_name, 0);
	}
	if (folder != NULL)
		closedir(folder);
	rmdir(path);
}

/* The name lasts when the folder that it stands in is synced. */
static int sync_parent(const char *path)
{
	char copy[PATH_MAX];
	snprintf(copy, sizeof copy, "%s", path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd) != 0;
	int why = errno;
	if (fd >= 0)
		close(fd);
	errno = why;
	return failed;
}

/* ---- writing ------------------------------------------------------------------ */

/* Bytes that an extent should have: no more than there is to be written, nearly. */
static uint32_t extent_size(const struct data *data)
{
	uint64_t bytes = 0, size = UINT64_C(1) << 20;
	for (struct map_node *node = map_next(&data->kept.queues, NULL); node != NULL;
	     node = map_next(&data->kept.queues, node)) {
		const struct kept_queue *queue = container_of(node, struct kept_queue, node);
		const struct kept_run *run;
		for (uint64_t next = 1; (run = kept_next(queue, next)) != NULL;
		     next = run->first + run->count)
			bytes += run->bytes != KEPT_BYTES_UNKNOWN ? run->bytes : 0;
	}
	while (size < bytes && size < STORE_EXTENT_SIZE)
		size *= 2;
	return (uint32_t)size;
}

static int nothing_expected(void *context, store_position at, const struct store_record *record,
			    struct error *error)
{
	(void)context;
	(void)at;
	(void)record;
	return error_set(error, RELEVO_BAD_STATE, "the folder is in use");
}

static int no_image_expected(void *context, const struct store_record *record, struct error *error)
{
	return nothing_expected(context, 0, record, error);
}

static int backup_open(struct backup *backup, const struct data *data, struct error *error)
{
	const struct store_reader reader = { NULL, no_image_expected, nothing_expected };
	int status = data_folder_open(backup->beside, &backup->folder, error);
	if (status == RELEVO_OK)
		status = data_folder_lock(&backup->folder, error);
	if (status != RELEVO_OK)
		return status;
	const struct store_log_options options = {
		.folder = backup->folder.fd,
		.path = backup->beside,
		.extent_size = extent_size(data),
	};
	status = store_log_open(&options, &backup->store, error);
	if (status == RELEVO_OK)
		status = backup->store->operations->recover(backup->store, &reader, error);
	backup->writer.store = backup->store;
	return status;
}

static int backup_write(struct backup *backup, struct data *data)
{
	struct error error = { 0 };
	int status = backup_open(backup, data, &error);
	if (status == RELEVO_OK)
		status = kept_write(&backup->writer, &data->kept, &data->walk, &error);
	if (status != RELEVO_OK)
		return data_failure(&error);
	int result = data_look_again(data);
	if (result == EXIT_DONE && kept_write_end(&backup->writer, &error) != RELEVO_OK)
		result = data_failure(&error);
	return result;
}

static void backup_close(struct backup *backup)
{
	if (backup->store != NULL)
		backup->store->operations->close(backup->store);
	backup->store = NULL;
	data_folder_close(&backup->folder);
}

static int backup_publish(const struct backup *backup)
{
	if (sync_parent(backup->beside) != 0 || rename(backup->beside, backup->to) != 0 ||
	    sync_parent(backup->to) != 0)
		return failure_system("the backup %s cannot get its name", backup->to);
	return EXIT_DONE;
}

/* ---- all ------------------------------------------------------------------------ */

static int backup_run(struct backup *backup, struct data *data)
{
	int result = expect_empty(backup->to);
	if (result == EXIT_DONE)
		result = expect_empty(backup->beside);
	if (result != EXIT_DONE)
		return result;
	result = backup_write(backup, data);
	backup_close(backup);
	if (result == EXIT_DONE)
		result = backup_publish(backup);
	if (result != EXIT_DONE)
		remove_files(backup->beside);
	return result;
}

static int backup_tell(const struct context *context, const struct backup *backup,
		       const struct data *data)
{
	const struct kept_writer *writer = &backup->writer;
	int result = EXIT_DONE;
	if (context->json)
		result = output_json(json_pack(
			"{sssIsIsIsI}", "backup", backup->to, "queues", (json_int_t)writer->queues,
			"items", (json_int_t)writer->items, "cells", (json_int_t)writer->cells,
			"lost", (json_int_t)data->walk.gaps.items));
	if (result != EXIT_DONE || data_is_whole(data))
		return result;
	return data_say_damage(data, "; the rest has been copied");
}

static int cmd_data_backup_run(struct context *context)
{
	struct data data;
	struct backup backup = { .to = context->arguments[1], .folder = { .fd = -1, .lock = -1 } };
	size_t length = strlen(backup.to);
	while (length > 1 && backup.to[length - 1] == '/')
		length--;
	if ((size_t)snprintf(backup.beside, sizeof backup.beside, "%.*s.new", (int)length,
			     backup.to) >= sizeof backup.beside)
		return failure_usage("the path %s is too long", backup.to);
	int result = data_load(&data, context->arguments[0]);
	if (result == EXIT_DONE)
		result = backup_run(&backup, &data);
	if (result == EXIT_DONE)
		result = backup_tell(context, &backup, &data);
	data_close(&data);
	return result;
}

const struct command cmd_data_backup = {
	.name = "data backup",
	.summary = "copy all that a data folder keeps into a new one",
	.usage = "DIR TO",
	.help = "TO must not exist, or be empty; it is there when all of it is on the disk, and "
		"not\n"
		"before (until then, as TO.new). relevod --data TO goes on with it. A broker may "
		"be\n"
		"running on DIR. Of a damaged folder all is copied that can be read, and the "
		"status\n"
		"is 1.\n",
	.least = 2,
	.most = 2,
	.run = cmd_data_backup_run,
};
