/* Files for extents to come. */
#include "store/store_spares.h"

#include "base/list.h"

#include <fcntl.h>
#include <relevo/status.h>
#include <unistd.h>

/* An extent that lasts less long is used up fast. */
#define SLOW_EXTENT (5 * NSEC_PER_SEC)

/* How long nothing more is tried after it could not be made. */
#define RETRY       (NSEC_PER_SEC / 2)

/* The next is asked for when half of the last one is used. */
static bool spares_used_up_fast(const struct store_spares *spares)
{
	return spares->taken != 0 && clock_now() - spares->taken < SLOW_EXTENT / 2;
}

/* Under the lock. */
static uint32_t spares_new_name(struct store_spares *spares)
{
	return ++spares->last_name;
}

static void spares_tell(const struct store_spares *spares)
{
	const uint64_t one = 1;
	/* It cannot fail but for being told too often already. */
	ssize_t written = write(spares->event, &one, sizeof one);
	(void)written;
}

/* Under the lock. One that could not be made is tried again after a while. */
static void spares_made(struct store_spares *spares, uint32_t number, const struct error *error)
{
	bool stopping = error->status == RELEVO_CANCELLED;
	if (error->status == RELEVO_OK && spares->count < STORE_SPARES_MOST)
		spares->names[spares->count++] = number;
	spares->trouble = *error;
	if (stopping)
		spares->trouble.status = RELEVO_OK;
	spares->making = spares->trouble.status != RELEVO_OK;
	if (spares->making)
		store_helper_add_late(spares->helper, &spares->job, clock_now() + spares->retry);
}

static void spares_make(struct store_job *job)
{
	struct store_spares *spares = container_of(job, struct store_spares, job);
	char name[STORE_NAME_SIZE];
	struct error error = { 0 };
	pthread_mutex_lock(&spares->lock);
	bool zeros = !spares_used_up_fast(spares);
	/* One that was recycled is as good. */
	bool enough = spares->count > 0;
	uint32_t number = spares_new_name(spares);
	pthread_mutex_unlock(&spares->lock);
	store_spare_name(name, number);
	if (enough || store_helper_stopping(spares->helper))
		error.status = RELEVO_CANCELLED;
	else if (store_folder_make(spares->folder, STORE_SPARE_NEW, zeros, &error) == RELEVO_OK)
		error.status = store_folder_rename(spares->folder, STORE_SPARE_NEW, name, &error);
	pthread_mutex_lock(&spares->lock);
	spares_made(spares, number, &error);
	pthread_cond_broadcast(&spares->made);
	pthread_mutex_unlock(&spares->lock);
	spares_tell(spares);
}

void store_spares_init(struct store_spares *spares, const struct store_folder *folder,
		       struct store_helper *helper, int event)
{
	*spares = (struct store_spares){
		.event = event,
		.retry = RETRY,
		.folder = folder,
		.helper = helper,
		.job.run = spares_make,
	};
	pthread_mutex_init(&spares->lock, NULL);
	pthread_cond_init(&spares->made, NULL);
}

void store_spares_fini(struct store_spares *spares)
{
	pthread_cond_destroy(&spares->made);
	pthread_mutex_destroy(&spares->lock);
}

bool store_spares_found(struct store_spares *spares, uint32_t name)
{
	pthread_mutex_lock(&spares->lock);
	bool room = spares->count < STORE_SPARES_MOST;
	if (room)
		spares->names[spares->count++] = name;
	if (name > spares->last_name)
		spares->last_name = name;
	pthread_mutex_unlock(&spares->lock);
	return room;
}

void store_spares_want(struct store_spares *spares)
{
	pthread_mutex_lock(&spares->lock);
	bool make = spares->count == 0 && !spares->making;
	if (make)
		spares->making = true;
	pthread_mutex_unlock(&spares->lock);
	if (make)
		store_helper_add(spares->helper, &spares->job);
}

int store_spares_trouble(struct store_spares *spares, struct error *error)
{
	pthread_mutex_lock(&spares->lock);
	int status = spares->count > 0 ? RELEVO_OK : spares->trouble.status;
	if (status != RELEVO_OK && error != NULL)
		*error = spares->trouble;
	pthread_mutex_unlock(&spares->lock);
	return status;
}

/* The name of one, which is the caller's now; false: there is none, and none is being made. */
static bool spares_claim(struct store_spares *spares, char name[STORE_NAME_SIZE])
{
	pthread_mutex_lock(&spares->lock);
	while (spares->count == 0 && spares->making && spares->trouble.status == RELEVO_OK)
		pthread_cond_wait(&spares->made, &spares->lock);
	bool found = spares->count > 0;
	uint32_t number = found ? spares->names[--spares->count] : spares_new_name(spares);
	spares->taken = clock_now();
	pthread_mutex_unlock(&spares->lock);
	store_spare_name(name, number);
	return found;
}

/* Without it what was in the file might be taken for groups of the extent: it may have been the
 * same extent's, by a name that a power cut took away again. */
static int spares_begin(const struct store_file *file, const struct store_file_head *head,
			struct error *error)
{
	uint8_t bytes[STORE_FILE_HEAD];
	struct iovec part = { bytes, sizeof bytes };
	store_file_head_put(bytes, head);
	int status = store_file_write(file, &part, 1, 0, error);
	return status == RELEVO_OK ? store_file_sync(file, error) : status;
}

int store_spares_take(struct store_spares *spares, const struct store_file_head *head,
		      struct error *error)
{
	const struct store_folder *folder = spares->folder;
	char spare[STORE_NAME_SIZE], name[STORE_NAME_SIZE];
	if (!spares_claim(spares, spare) &&
	    store_folder_make(folder, spare, false, error) != RELEVO_OK)
		return -1;
	store_extent_name(name, head->extent);
	const struct store_file file = { folder, store_folder_open(folder, spare, O_RDWR, error),
					 spare };
	if (file.fd >= 0 && spares_begin(&file, head, error) == RELEVO_OK &&
	    store_folder_rename(folder, spare, name, error) == RELEVO_OK)
		return file.fd;
	struct error unused;
	store_folder_close(folder, file.fd);
	store_folder_unlink(folder, spare, &unused);
	return -1;
}

/* ---- recycling ---------------------------------------------------------- */

/* Where a group did not end with the extent, its file is too large. False: it is no use. */
static bool spares_trim_size(const struct store_folder *folder, const char *name)
{
	struct error unused;
	uint64_t size = 0;
	int fd = store_folder_open(folder, name, O_RDWR, &unused);
	if (fd < 0)
		return false;
	const struct store_file file = { folder, fd, name };
	bool good =
		store_file_size(&file, &size, &unused) == RELEVO_OK && size >= folder->extent_size;
	if (good && size > folder->extent_size)
		good = folder->disk->truncate(folder->disk, fd, folder->extent_size) == 0 &&
		       store_file_sync(&file, &unused) == RELEVO_OK;
	store_folder_close(folder, fd);
	return good;
}

static bool spares_keep(struct store_spares *spares, const char *name)
{
	char spare[STORE_NAME_SIZE];
	struct error unused;
	pthread_mutex_lock(&spares->lock);
	bool room = spares->count < STORE_SPARES_MOST - 1;
	uint32_t number = room ? spares_new_name(spares) : 0;
	pthread_mutex_unlock(&spares->lock);
	store_spare_name(spare, number);
	return room && spares_trim_size(spares->folder, name) &&
	       store_folder_rename(spares->folder, name, spare, &unused) == RELEVO_OK &&
	       store_spares_found(spares, number);
}

void store_spares_recycle(struct store_spares *spares, uint32_t extent)
{
	char name[STORE_NAME_SIZE];
	struct error unused;
	store_extent_name(name, extent);
	/* What cannot be removed is found again by the next start. */
	if (!spares_keep(spares, name))
		store_folder_unlink(spares->folder, name, &unused);
	spares_tell(spares);
}
