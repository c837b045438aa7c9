/* The cost of setting an event and of adding to a value. */
#include "bench/actors.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "bench/queue_name.h"

#include <relevo/relevo.h>

/*
 * What one step on an object made of a cell costs, when nobody else uses it: a call
 * to the broker and its answer.
 */
enum { STEPS = 20000, WARM_UP = 200 };

static void set_event(relevo_session *session, struct actor *self)
{
	relevo_event *event;
	must(relevo_event_open(session, NULL, NULL, &event), "relevo_event_open");
	for (int i = 0; i < WARM_UP; i++)
		must(relevo_event_set(event), "relevo_event_set");
	actor_ready(self);
	for (int i = 0; i < STEPS; i++)
		must(relevo_event_set(event), "relevo_event_set");
	actor_done(self);
	relevo_event_close(event);
}

static void add_to_value(relevo_session *session, struct actor *self)
{
	const struct relevo_value_options options = { .type = RELEVO_TYPE_INT64 };
	const int64_t one = 1;
	int64_t sum;
	relevo_value *value;
	must(relevo_value_open(session, NULL, &options, &value), "relevo_value_open");
	for (int i = 0; i < WARM_UP; i++)
		must(relevo_value_add(value, &one, &sum, sizeof one), "relevo_value_add");
	actor_ready(self);
	for (int i = 0; i < STEPS; i++)
		must(relevo_value_add(value, &one, &sum, sizeof one), "relevo_value_add");
	actor_done(self);
	relevo_value_close(value);
}

struct user {
	const char *url;
	void (*use)(relevo_session *session, struct actor *self);
};

static void play_user(struct actor *self, const void *context)
{
	const struct user *user = context;
	relevo_session *session = session_to(user->url);
	user->use(session, self);
	must(relevo_session_close(session), "relevo_session_close");
}

static double step(const char *url, void (*use)(relevo_session *session, struct actor *self))
{
	const struct user user = { url, use };
	const struct role role = { play_user, &user };
	return actors_run(&role, 1) * 1e6 / STEPS;
}

double event_set(const struct fixture *fixture)
{
	return step(fixture->url, set_event);
}

double value_add(const struct fixture *fixture)
{
	return step(fixture->url, add_to_value);
}
