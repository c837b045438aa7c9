/* What is durable, between the data folder, the engine and the loop: see durable.h. */
#include "durable.h"

#include "log/log.h"
#include "store/store_log.h"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static uint64_t wall_now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

static enum store_durability durability_of(const struct broker_config *config)
{
	switch (config->durability) {
	case DURABILITY_COMMIT:
		return STORE_COMMIT;
	case DURABILITY_NONE:
		return STORE_NONE;
	default:
		return STORE_SYNC;
	}
}

static void log_recovery(const struct store *store)
{
	const struct store_recovery *recovery = store_log_recovery(store);
	log_info("recovered", LOG_NUMBER("image", recovery->image),
		 LOG_NUMBER("records", recovery->records),
		 LOG_NUMBER("dropped-groups", recovery->dropped_groups));
}

int durable_open(struct durable *durable, const struct broker_config *config, uint64_t seed,
		 struct error *error)
{
	struct store *store;
	*durable = (struct durable){ 0 };
	if (config->data == NULL)
		return RELEVO_OK;
	const struct store_log_options options = {
		.folder = config->data->fd,
		.path = config->data->path,
		.durability = durability_of(config),
	};
	int status = store_log_open(&options, &store, error);
	if (status != RELEVO_OK)
		return status;
	const struct journal_config journal_config = {
		.store = store,
		.seed = seed,
		.extent = STORE_EXTENT_SIZE,
		.now = clock_now(),
		.wall = wall_now(),
	};
	status = journal_open(&journal_config, &durable->journal, error);
	if (status == RELEVO_OK)
		log_recovery(store);
	return status;
}

void durable_configure(const struct durable *durable, struct engine_config *config)
{
	/* What is not durable has keys, too, which no other run is to use again. */
	uint64_t first = wall_now() / 1000;
	config->last_key = config->last_cell = first;
	if (durable->journal == NULL)
		return;
	if (journal_grants(durable->journal) > config->grants)
		config->grants = journal_grants(durable->journal);
	if (journal_last_key(durable->journal) > first)
		config->last_key = journal_last_key(durable->journal);
	if (journal_last_cell(durable->journal) > first)
		config->last_cell = journal_last_cell(durable->journal);
}

/* When it begins and when it has passed, and not each call that is refused meanwhile. */
static void log_trouble(struct durable *durable)
{
	struct error error = { 0 };
	bool troubled = journal_trouble(durable->journal, &error) != RELEVO_OK;
	if (troubled && !durable->troubled)
		log_error("storage-trouble", LOG_TEXT("reason", error_text(&error)));
	else if (durable->troubled && !troubled)
		log_warning("storage-recovered", LOG_NUMBER("pid", getpid()));
	durable->troubled = troubled;
}

static void on_durable(void *context, uint32_t events)
{
	struct durable *durable = context;
	(void)events;
	journal_dispatch(durable->journal);
	log_trouble(durable);
}

int durable_start(struct durable *durable, struct engine *engine, struct accounts *accounts,
		  struct loop *loop, struct error *error)
{
	if (durable->journal == NULL)
		return RELEVO_OK;
	/* Reading took its time, in which nobody could come back. */
	engine_tick(engine, clock_now());
	int status = journal_restore(durable->journal, engine, accounts, error);
	if (status != RELEVO_OK)
		return status;
	durable->source =
		loop_add(loop, journal_descriptor(durable->journal), EPOLLIN, on_durable, durable);
	if (durable->source == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the data folder");
	return RELEVO_OK;
}

void durable_finish_round(struct durable *durable)
{
	if (durable->journal == NULL)
		return;
	(void)journal_flush(durable->journal);
	durable->goes_on = journal_work(durable->journal);
}

nsec_t durable_deadline(const struct durable *durable)
{
	return durable->goes_on ? 0 : NSEC_NEVER;
}

void durable_stop(struct durable *durable)
{
	loop_remove(durable->source);
	durable->source = NULL;
	if (durable->journal != NULL)
		journal_end(durable->journal);
}

void durable_close(struct durable *durable)
{
	journal_close(durable->journal);
	durable->journal = NULL;
}
