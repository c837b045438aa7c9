/* What queues can be created as, and opened with. */
#include "queues/queue_options.h"

#include "base/name.h"
#include "core/durable.h"
#include "stock/dead_letter.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WORDS = NAME_MAX_BYTES + 3 };

/* One option, in words. */
typedef void describe(const struct queue_options *options, char *text);

static void describe_number(uint64_t number, bool limited, char *text)
{
	if (limited)
		snprintf(text, WORDS, "%" PRIu64, number);
	else
		snprintf(text, WORDS, "unlimited");
}

static void describe_time(nsec_t time, const char *otherwise, char *text)
{
	if (time != 0)
		snprintf(text, WORDS, "%" PRIu64 " ms", time / NSEC_PER_MSEC);
	else
		snprintf(text, WORDS, "%s", otherwise);
}

static void describe_capacity(const struct queue_options *options, char *text)
{
	describe_number(options->capacity, options->bounded, text);
}

static void describe_capacity_bytes(const struct queue_options *options, char *text)
{
	describe_number(options->capacity_bytes, options->capacity_bytes != 0, text);
}

static void describe_order(const struct queue_options *options, char *text)
{
	static const char *const words[] = { "fifo", "priority", "fair", "shortest" };
	snprintf(text, WORDS, "%s", words[options->order]);
}

static void describe_full(const struct queue_options *options, char *text)
{
	static const char *const words[] = { "block", "reject", "drop-oldest" };
	snprintf(text, WORDS, "%s", words[options->full]);
}

static void describe_lease(const struct queue_options *options, char *text)
{
	describe_time(options->lease, "of its session", text);
}

static void describe_ttl(const struct queue_options *options, char *text)
{
	describe_time(options->ttl, "unlimited", text);
}

static void describe_max_deliveries(const struct queue_options *options, char *text)
{
	describe_number(options->max_deliveries, options->max_deliveries != 0, text);
}

static void describe_dead_letter(const struct queue_options *options, char *text)
{
	const char *name = options->dead_letter;
	if (name != NULL && name[0] != '\0')
		snprintf(text, WORDS, "\"%s\"", name);
	else
		snprintf(text, WORDS, "none");
}

static void describe_exclusive(const struct queue_options *options, char *text)
{
	snprintf(text, WORDS, "%s", options->exclusive ? "yes" : "no");
}

static void describe_durable(const struct queue_options *options, char *text)
{
	snprintf(text, WORDS, "%s", options->durable ? "yes" : "no");
}

static void describe_lifetime(const struct queue_options *options, char *text)
{
	static const char *const words[] = { "kept", "handles", "session" };
	snprintf(text, WORDS, "%s", words[options->lifetime]);
}

static const struct {
	const char *name;
	describe *describe;
} all_options[] = {
	{ "capacity", describe_capacity },
	{ "capacity in bytes", describe_capacity_bytes },
	{ "order", describe_order },
	{ "full policy", describe_full },
	{ "lease", describe_lease },
	{ "item TTL", describe_ttl },
	{ "maximum of deliveries", describe_max_deliveries },
	{ "dead-letter queue", describe_dead_letter },
	{ "exclusive consumer", describe_exclusive },
	{ "lifetime", describe_lifetime },
	{ "option durable", describe_durable },
};

/* What reads the same is the same. */
int queue_options_compare(const struct queue *queue, const struct queue_options *asked,
			  struct error *error)
{
	for (size_t i = 0; i < sizeof all_options / sizeof all_options[0]; i++) {
		char has[WORDS], wanted[WORDS];
		all_options[i].describe(&queue->options, has);
		all_options[i].describe(asked, wanted);
		if (strcmp(has, wanted) != 0)
			return error_set(error, RELEVO_OPTION_MISMATCH,
					 "the queue \"%s\" has the %s %s, not %s", queue->name,
					 all_options[i].name, has, wanted);
	}
	return RELEVO_OK;
}

int queue_options_check(struct engine *engine, const char *name,
			const struct queue_options *options, struct error *error)
{
	if (options->bounded && options->capacity == 0 && options->full == QUEUE_DROP_OLDEST)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the queue \"%s\" has no room: nothing there could be dropped",
				 name);
	int status = durable_check(engine, "queue", name, options->durable, error);
	return status == RELEVO_OK ? dead_letter_check(engine, name, options, error) : status;
}
