/* The list of what may be ready, and the descriptor that says whether it is empty. */
#include "poller/poller_due.h"

#include "base/mutant.h"

#include <sys/eventfd.h>

/* The list is locked. */
static void poller_raise(relevo_poller *poller, bool raised)
{
	eventfd_t count;
	if (poller->raised == raised)
		return;
	poller->raised = raised;
	if (raised)
		eventfd_write(poller->wake, 1);
	else
		eventfd_read(poller->wake, &count);
}

void poller_due(relevo_poller *poller, struct watch *watch)
{
	pthread_mutex_lock(&poller->due_lock);
	if (!list_linked(&watch->due))
		list_append(&poller->due, &watch->due);
	if (!poller->looking && !MUTANT(due_wakes_nobody))
		poller_raise(poller, true);
	pthread_mutex_unlock(&poller->due_lock);
}

void poller_not_due(relevo_poller *poller, struct watch *watch)
{
	pthread_mutex_lock(&poller->due_lock);
	list_remove(&watch->due);
	pthread_mutex_unlock(&poller->due_lock);
}

/* Puts all of `from` in front of what stands in `to`. */
static void splice_list(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->previous->next = to->next;
	to->next->previous = from->previous;
	to->next = from->next;
	from->next->previous = to;
	list_init(from);
}

void poller_look(relevo_poller *poller)
{
	pthread_mutex_lock(&poller->due_lock);
	poller->looking = true;
	pthread_mutex_unlock(&poller->due_lock);
}

void poller_take_due(relevo_poller *poller, struct list *list)
{
	pthread_mutex_lock(&poller->due_lock);
	splice_list(list, &poller->due);
	pthread_mutex_unlock(&poller->due_lock);
}

void poller_looked(relevo_poller *poller, struct list *list)
{
	pthread_mutex_lock(&poller->due_lock);
	splice_list(&poller->due, list);
	poller->looking = false;
	poller_raise(poller, !list_empty(&poller->due));
	pthread_mutex_unlock(&poller->due_lock);
}
