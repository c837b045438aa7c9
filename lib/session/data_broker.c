/* Finding the broker of a data folder, or starting it. */
#include "session/data_broker.h"

#include "base/mutant.h"
#include "session/broker_start.h"

#include <poll.h>
#include <stdio.h>

/* That one listens soon, or is about to end: it is looked for after 1 ms, and ever more slowly up
 * to this. */
#define PAUSE_MAX (64 * NSEC_PER_MSEC)

/* TRY_AGAIN: another one has the folder. */
static int data_broker_start(const struct address *address, const struct data_broker *broker,
			     nsec_t deadline, struct error *error)
{
	char why[ERROR_TEXT_SIZE], grace[16];
	int told;
	snprintf(why, sizeof why, "nobody uses %s", address->url);
	snprintf(grace, sizeof grace, "%d", DATA_BROKER_GRACE_MSEC);
	const struct broker_start start = {
		.program = broker->program,
		.why = why,
		.deadline = deadline,
		.arguments = { "--data", address->place, "--until-idle", grace },
	};
	int status = broker_start(&start, &told, error);
	if (status != RELEVO_NO_BROKER)
		return status;
	if (told == RELEVO_ADDRESS_IN_USE && !MUTANT(data_folder_raced))
		return TRY_AGAIN;
	return error_set(error, told, "%s", error_text(error));
}

/* OK; NO_BROKER: nobody listens there, or there is no such folder; TRY_AGAIN: the broker is
 * ending. */
static int data_broker_look(const struct address *address, struct data_broker *broker,
			    nsec_t deadline, struct channel **channel, struct error *error)
{
	int status = RELEVO_OK;
	if (!broker->follows)
		status = data_socket_use(address, &broker->use, error);
	if (status == RELEVO_OK)
		status = channel_connect(address, deadline, channel, error);
	return status == RELEVO_NOT_FOUND
		       ? error_set(error, RELEVO_NO_BROKER, "%s", error_text(error))
		       : status;
}

/* False: it is too late. */
static bool data_broker_pause(nsec_t *pause, nsec_t deadline)
{
	nsec_t now = clock_now();
	if (now >= deadline)
		return false;
	nsec_t until = deadline - now < *pause ? deadline : now + *pause;
	poll(NULL, 0, (int)clock_msec_until(now, until));
	if (*pause < PAUSE_MAX)
		*pause *= 2;
	return true;
}

int data_broker_dial(const struct address *address, struct data_broker *broker, nsec_t deadline,
		     struct channel **channel, struct error *error)
{
	nsec_t pause = NSEC_PER_MSEC;
	for (bool started = false;;) {
		int status = data_broker_look(address, broker, deadline, channel, error);
		if (status != RELEVO_NO_BROKER && status != TRY_AGAIN)
			return status;
		if (broker->follows)
			return RELEVO_NO_BROKER;
		/* One that was started, and is not there, has ended or has lost its socket. */
		bool start = status == RELEVO_NO_BROKER && !started;
		started = false;
		if (start) {
			status = data_broker_start(address, broker, deadline, error);
			if (status != RELEVO_OK && status != TRY_AGAIN)
				return status;
			started = status == RELEVO_OK;
		}
		if (!started && !data_broker_pause(&pause, deadline))
			return error_set(error, RELEVO_TIMED_OUT,
					 "the broker that has the data folder %s does not listen "
					 "there in time",
					 address->place);
	}
}
