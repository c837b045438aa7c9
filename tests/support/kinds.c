/* Objects of every kind: opening, handing on and using them all. */
#include "support/kinds.h"

/* Room for what each is called; NULL: it has no name of its own. */
struct given_names {
	char room[KINDS][64];
	const char *of[KINDS];
};

static void name_each(struct given_names *names, const char *name)
{
#define WORD(kind) #kind,
	static const char *const words[KINDS] = { KINDS_EACH(WORD) };
#undef WORD
	for (size_t i = 0; i < KINDS; i++) {
		snprintf(names->room[i], sizeof names->room[i], "%s %s", name != NULL ? name : "",
			 words[i]);
		names->of[i] = name != NULL ? names->room[i] : NULL;
	}
}

/* Go on while all is well. */
#define TRY(call)                                                                                  \
	do {                                                                                       \
		int status_ = (call);                                                              \
		if (status_ != RELEVO_OK)                                                          \
			return status_;                                                            \
	} while (0)

int kinds_open(struct kinds *kinds, relevo_session *session, const char *name)
{
	const struct relevo_barrier_options one = { .parties = 1 };
	const struct relevo_value_options number = { .type = RELEVO_TYPE_INT32 };
	const struct relevo_array_options numbers = { .type = RELEVO_TYPE_INT32, .count = 4 };
	struct given_names names;
	name_each(&names, name);
	const char *const *next = names.of;
	*kinds = (struct kinds){ .session = session };
	TRY(relevo_queue_open(session, *next++, NULL, &kinds->queue));
	TRY(relevo_lock_open(session, *next++, NULL, &kinds->lock));
	TRY(relevo_rlock_open(session, *next++, NULL, &kinds->rlock));
	TRY(relevo_semaphore_open(session, *next++, NULL, &kinds->semaphore));
	TRY(relevo_condition_open(session, *next++, NULL, &kinds->condition));
	TRY(relevo_event_open(session, *next++, NULL, &kinds->event));
	TRY(relevo_barrier_open(session, *next++, &one, &kinds->barrier));
	TRY(relevo_value_open(session, *next++, &number, &kinds->value));
	TRY(relevo_array_open(session, *next++, &numbers, &kinds->array));
	TRY(relevo_shared_open(session, *next++, KINDS_SHARED, NULL, &kinds->shared));
	return RELEVO_OK;
}

void kinds_close(struct kinds *kinds)
{
#define CLOSE(kind) relevo_##kind##_close(kinds->kind);
	KINDS_EACH(CLOSE)
#undef CLOSE
}

int kinds_delete(relevo_session *session, const char *name)
{
	struct given_names names;
	name_each(&names, name);
	const char *const *next = names.of;
#define DELETE(kind) TRY(relevo_##kind##_delete(session, *next++));
	KINDS_EACH(DELETE)
#undef DELETE
	return RELEVO_OK;
}

/* ---- handed on --------------------------------------------------------------- */

int kinds_to_text(const struct kinds *kinds, struct kind_texts *texts)
{
	char(*next)[RELEVO_HANDLE_TEXT] = texts->of;
#define WRITE(kind) TRY(relevo_##kind##_to_text(kinds->kind, *next++, RELEVO_HANDLE_TEXT));
	KINDS_EACH(WRITE)
#undef WRITE
	return RELEVO_OK;
}

void kinds_from_text(struct kinds *kinds, relevo_session *session, const struct kind_texts *texts,
		     size_t first, int statuses[KINDS])
{
	size_t i = 0;
	*kinds = (struct kinds){ .session = session };
#define READ(kind)                                                                                 \
	statuses[i] = relevo_##kind##_from_text(session, texts->of[(first + i) % KINDS], NULL,     \
						&kinds->kind);                                     \
	i++;
	KINDS_EACH(READ)
#undef READ
}

int kinds_to_tuple(const struct kinds *kinds, relevo_tuple *tuple)
{
#define ADD(kind) TRY(relevo_tuple_add_##kind(tuple, #kind, kinds->kind));
	KINDS_EACH(ADD)
#undef ADD
	return RELEVO_OK;
}

int kinds_from_tuple(struct kinds *kinds, relevo_session *session, const relevo_tuple *tuple)
{
	size_t i = 0;
	*kinds = (struct kinds){ .session = session };
#define TAKE(kind) TRY(relevo_tuple_##kind(tuple, i++, session, NULL, &kinds->kind));
	KINDS_EACH(TAKE)
#undef TAKE
	return RELEVO_OK;
}

/* ---- used and kept ------------------------------------------------------------- */

void kinds_fill(const struct kinds *kinds)
{
	put_text(kinds->queue, "parent's");
	strcpy(relevo_shared_data(kinds->shared), "shared");
}

static void use_tokens(const struct kinds *kinds)
{
	child_check(relevo_lock_acquire(kinds->lock, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_lock_release(kinds->lock) == RELEVO_OK);
	child_check(relevo_rlock_acquire(kinds->rlock, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_rlock_release(kinds->rlock) == RELEVO_OK);
	child_check(relevo_semaphore_acquire(kinds->semaphore, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_semaphore_release(kinds->semaphore) == RELEVO_OK);
	child_check(relevo_condition_acquire(kinds->condition, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_condition_notify_all(kinds->condition) == RELEVO_OK);
	child_check(relevo_condition_release(kinds->condition) == RELEVO_OK);
}

void kinds_use(const struct kinds *kinds)
{
	const int32_t number = 5;
	relevo_item item;
	child_check(relevo_queue_get(kinds->queue, TEST_PATIENCE, &item) == RELEVO_OK);
	child_check(strcmp(item.data, "parent's") == 0);
	relevo_item_free(&item);
	use_tokens(kinds);
	child_check(relevo_event_set(kinds->event) == RELEVO_OK);
	child_check(relevo_barrier_wait(kinds->barrier, TEST_PATIENCE, NULL) == RELEVO_OK);
	child_check(relevo_value_set(kinds->value, &number, sizeof number) == RELEVO_OK);
	child_check(relevo_array_set(kinds->array, 3, &number, sizeof number) == RELEVO_OK);
	child_check(strcmp(relevo_shared_data(kinds->shared), "shared") == 0);
}

void kinds_note(const struct kinds *kinds, relevo_session *session, struct kind_names *names)
{
	names->session = session;
	snprintf(names->queue, sizeof names->queue, "%s", relevo_queue_name(kinds->queue));
	snprintf(names->lock, sizeof names->lock, "%s", relevo_lock_name(kinds->lock));
	snprintf(names->event, sizeof names->event, "%s", relevo_event_name(kinds->event));
	snprintf(names->shared, sizeof names->shared, "%s", relevo_shared_name(kinds->shared));
}

/* How many of these four can be opened. */
static int count_there(const struct kind_names *names)
{
	relevo_queue *queue = NULL;
	relevo_lock *lock = NULL;
	relevo_event *event = NULL;
	relevo_shared *shared = NULL;
	const struct relevo_queue_options queue_there = { .mode = RELEVO_OPEN_EXISTING };
	const struct relevo_lock_options lock_there = { .mode = RELEVO_OPEN_EXISTING };
	const struct relevo_event_options event_there = { .mode = RELEVO_OPEN_EXISTING };
	const struct relevo_shared_options shared_there = { .mode = RELEVO_OPEN_EXISTING };
	int count = relevo_queue_open(names->session, names->queue, &queue_there, &queue) == 0;
	count += relevo_lock_open(names->session, names->lock, &lock_there, &lock) == 0;
	count += relevo_event_open(names->session, names->event, &event_there, &event) == 0;
	count += relevo_shared_open(names->session, names->shared, 0, &shared_there, &shared) == 0;
	relevo_queue_close(queue);
	relevo_lock_close(lock);
	relevo_event_close(event);
	relevo_shared_close(shared);
	return count;
}

bool kinds_are_there(const struct kind_names *names)
{
	return count_there(names) == 4;
}

bool kinds_are_gone(void *names)
{
	return count_there(names) == 0;
}
