/* Writing a checkpoint aside. */
#include "store/store_image.h"

#include "base/list.h"

#include <fcntl.h>
#include <relevo/status.h>
#include <stdlib.h>
#include <unistd.h>

/* What is handed to the helper at one time. */
enum { PIECE_SIZE = 256 * 1024 };

struct image_piece {
	struct store_job job;
	struct store_image *image;
	struct store_group *group;
};

struct store_image *store_image_new(const struct store_folder *folder, struct store_helper *helper,
				    const struct store_file_head *head, int event)
{
	struct store_image *image = calloc(1, sizeof *image);
	if (image == NULL)
		return NULL;
	image->folder = folder;
	image->helper = helper;
	image->head = *head;
	image->fd = -1;
	image->event = event;
	image->end = STORE_FILE_HEAD;
	pthread_mutex_init(&image->lock, NULL);
	return image;
}

void store_image_free(struct store_image *image)
{
	store_group_free(image->forming);
	pthread_mutex_destroy(&image->lock);
	free(image);
}

size_t store_image_backlog(struct store_image *image)
{
	pthread_mutex_lock(&image->lock);
	size_t backlog = image->backlog;
	pthread_mutex_unlock(&image->lock);
	return backlog + (image->forming != NULL ? image->forming->size : 0);
}

/* ---- the helper --------------------------------------------------------- */

static int image_write(struct store_image *image, struct iovec part, uint64_t offset,
		       struct error *error)
{
	const struct store_file file = { image->folder, image->fd, STORE_CHECKPOINT_NEW };
	return store_file_write(&file, &part, 1, offset, error);
}

static int image_create(struct store_image *image, struct error *error)
{
	uint8_t head[STORE_FILE_HEAD];
	if (image->fd >= 0)
		return RELEVO_OK;
	image->fd = store_folder_open(image->folder, STORE_CHECKPOINT_NEW,
				      O_RDWR | O_CREAT | O_TRUNC, error);
	if (image->fd < 0)
		return error->status;
	store_file_head_put(head, &image->head);
	return image_write(image, (struct iovec){ head, sizeof head }, 0, error);
}

/* A group of the checkpoint, behind the others. */
static int image_put(struct store_image *image, struct iovec part, enum store_group_kind kind,
		     struct error *error)
{
	struct store_group_head head = {
		.kind = kind,
		.number = image->pieces + 1,
		/* The loop sets it for the last one. */
		.durable = kind == STORE_GROUP_END ? image->durable : 0,
		.at = image->end,
	};
	int status = image_create(image, error);
	if (status != RELEVO_OK)
		return status;
	store_group_seal(part.iov_base, part.iov_len, &head, image->head.salt);
	status = image_write(image, part, image->end, error);
	image->end += part.iov_len;
	image->pieces++;
	return status;
}

/* Whether there is no use in going on. */
static bool image_is_lost(struct store_image *image)
{
	pthread_mutex_lock(&image->lock);
	bool lost = image->dropped || image->error.status != RELEVO_OK;
	pthread_mutex_unlock(&image->lock);
	return lost;
}

static void image_write_piece(struct store_job *job)
{
	struct image_piece *piece = container_of(job, struct image_piece, job);
	struct store_image *image = piece->image;
	struct error error = { 0 };
	struct store_group *group = piece->group;
	if (!image_is_lost(image))
		image_put(image, (struct iovec){ group->bytes, group->size }, STORE_GROUP_RECORDS,
			  &error);
	pthread_mutex_lock(&image->lock);
	image->backlog -= group->size;
	if (error.status != RELEVO_OK)
		image->error = error;
	pthread_mutex_unlock(&image->lock);
	store_group_free(group);
	free(piece);
}

/* It counts from the rename on, which is durable with the folder. */
static int image_complete(struct store_image *image, struct error *error)
{
	uint8_t end[STORE_GROUP_HEAD];
	int status = image_put(image, (struct iovec){ end, sizeof end }, STORE_GROUP_END, error);
	const struct store_file file = { image->folder, image->fd, STORE_CHECKPOINT_NEW };
	if (status == RELEVO_OK)
		status = store_file_sync(&file, error);
	if (status == RELEVO_OK)
		status = store_folder_rename(image->folder, STORE_CHECKPOINT_NEW, STORE_CHECKPOINT,
					     error);
	return status == RELEVO_OK ? store_folder_sync(image->folder, error) : status;
}

static void image_close(struct store_image *image, bool remove)
{
	struct error unused;
	if (image->fd >= 0 && remove)
		store_folder_unlink(image->folder, STORE_CHECKPOINT_NEW, &unused);
	store_folder_close(image->folder, image->fd);
	image->fd = -1;
}

static void image_run_finish(struct store_job *job)
{
	struct store_image *image = container_of(job, struct store_image, job);
	const uint64_t one = 1;
	struct error error = { 0 };
	int event = image->event;
	if (!image_is_lost(image))
		image_complete(image, &error);
	image_close(image, true);
	pthread_mutex_lock(&image->lock);
	if (error.status != RELEVO_OK)
		image->error = error;
	image->over = true;
	pthread_mutex_unlock(&image->lock);
	ssize_t written = write(event, &one, sizeof one);
	(void)written;
}

static void image_run_drop(struct store_job *job)
{
	struct store_image *image = container_of(job, struct store_image, job);
	image_close(image, true);
	store_image_free(image);
}

/* ---- the loop ----------------------------------------------------------- */

static int image_hand_over(struct store_image *image)
{
	struct image_piece *piece = malloc(sizeof *piece);
	if (piece == NULL)
		return RELEVO_NO_MEMORY;
	*piece = (struct image_piece){
		.job.run = image_write_piece,
		.image = image,
		.group = image->forming,
	};
	image->forming = NULL;
	pthread_mutex_lock(&image->lock);
	image->backlog += piece->group->size;
	pthread_mutex_unlock(&image->lock);
	store_helper_add(image->helper, &piece->job);
	return RELEVO_OK;
}

int store_image_add(struct store_image *image, uint8_t type, const struct store_part *parts,
		    size_t count)
{
	struct store_group_pool none = { 0 };
	int status = RELEVO_OK;
	/* Before, so that a failure leaves no doubt about this record. */
	if (image->forming != NULL && image->forming->size >= PIECE_SIZE)
		status = image_hand_over(image);
	if (status == RELEVO_OK && image->forming == NULL)
		image->forming = store_group_new(&none);
	if (image->forming == NULL)
		return RELEVO_NO_MEMORY;
	return status == RELEVO_OK ? store_group_add(image->forming, type, parts, count,
						     store_record_size(parts, count))
				   : status;
}

void store_image_finish(struct store_image *image, uint64_t durable)
{
	image->durable = durable;
	image->queued = true;
	if (image->forming != NULL && image_hand_over(image) != RELEVO_OK) {
		pthread_mutex_lock(&image->lock);
		error_set(&image->error, RELEVO_NO_MEMORY, "no memory for a checkpoint");
		pthread_mutex_unlock(&image->lock);
	}
	image->job.run = image_run_finish;
	store_helper_add(image->helper, &image->job);
}

bool store_image_over(struct store_image *image, struct error *error)
{
	pthread_mutex_lock(&image->lock);
	bool over = image->over;
	if (over)
		*error = image->error;
	pthread_mutex_unlock(&image->lock);
	return over;
}

void store_image_drop(struct store_image *image)
{
	pthread_mutex_lock(&image->lock);
	image->dropped = true;
	pthread_mutex_unlock(&image->lock);
	image->job.run = image_run_drop;
	store_helper_add(image->helper, &image->job);
}
