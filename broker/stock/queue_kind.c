/* The kinds of queue: their names in messages, and refusing what does not fit the kind. */
#include "stock/queue_kind.h"

#include "base/mutant.h"

bool kind_has_tokens(const struct queue *queue)
{
	return queue->options.kind == QUEUE_LOCK || queue->options.kind == QUEUE_SEMAPHORE;
}

const char *kind_noun(enum queue_kind kind)
{
	static const char *const names[] = { "queue", "lock", "semaphore", "condition" };
	return kind < QUEUE_ANY ? names[kind] : "object";
}

const char *queue_noun(const struct queue *queue)
{
	return kind_noun(queue->options.kind);
}

int kind_compare(const struct queue *queue, enum queue_kind asked, struct error *error)
{
	enum queue_kind has = queue->options.kind;
	if (asked == QUEUE_ANY || asked == has)
		return RELEVO_OK;
	return error_set(error, RELEVO_OPTION_MISMATCH, "\"%s\" is a %s, not a %s", queue->name,
			 kind_noun(has), kind_noun(asked));
}

int token_refuse_put(const struct queue *queue, struct error *error)
{
	if (!kind_has_tokens(queue))
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_ARGUMENT, "\"%s\" is a %s: nothing can be put there",
			 queue->name, kind_noun(queue->options.kind));
}

int kind_need_items(const struct queue *queue, const char *why, struct error *error)
{
	if (queue->options.kind == QUEUE_ITEMS)
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_ARGUMENT, "\"%s\" is a %s, not a queue of items: %s",
			 queue->name, kind_noun(queue->options.kind), why);
}

int token_refuse(const struct queue *queue, const char *why, struct error *error)
{
	if (!kind_has_tokens(queue) || MUTANT(tokens_are_items))
		return RELEVO_OK;
	return error_set(error, RELEVO_BAD_ARGUMENT, "\"%s\" is a %s: what it gave is %s",
			 queue->name, kind_noun(queue->options.kind), why);
}
