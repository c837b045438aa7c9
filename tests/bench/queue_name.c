/* Sessions, queues and names for one measurement. */
#include "bench/queue_name.h"

#include "base/clock.h"
#include "bench/die.h"

#include <inttypes.h>
#include <stdio.h>

struct queue_name queue_name_new(const char *what)
{
	struct queue_name name;
	snprintf(name.text, sizeof name.text, "bench-%s-%" PRIu64, what, clock_now());
	return name;
}

relevo_session *session_to(const char *url)
{
	relevo_session *session;
	must(relevo_session_open(url, NULL, &session), "relevo_session_open");
	return session;
}

relevo_queue *queue_of(relevo_session *session, const struct queue_name *name)
{
	const struct relevo_queue_options options = { .lifetime = RELEVO_LIFETIME_UNTIL_UNUSED };
	relevo_queue *queue;
	must(relevo_queue_open(session, name->text, &options, &queue), "relevo_queue_open");
	return queue;
}
