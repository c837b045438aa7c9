/* The pollers of a process around a fork. */
#include "poller/poller_fork.h"

#include "session/fork.h"

static struct list pollers = { &pollers, &pollers };
static pthread_once_t poller_handlers = PTHREAD_ONCE_INIT;
static bool poller_handlers_installed;

static relevo_poller *poller_of(struct list *node)
{
	return container_of(node, relevo_poller, link);
}

static void poller_before_fork(void)
{
	watch_lock_all();
	list_for_each (node, &pollers)
		pthread_mutex_lock(&poller_of(node)->lock);
}

static void poller_unlock_all(void)
{
	list_for_each (node, &pollers)
		pthread_mutex_unlock(&poller_of(node)->lock);
	watch_unlock_all();
}

/* The objects may be used, closed and waited for by another one. */
static void poller_let_go(relevo_poller *poller)
{
	for (struct map_node *node = map_next(&poller->entries, NULL); node != NULL;
	     node = map_next(&poller->entries, node)) {
		struct watch *watch = container_of(node, struct poller_entry, node)->watch;
		if (watch->slot != NULL)
			atomic_store(watch->slot, NULL);
		if (watch->kind->forked != NULL)
			watch->kind->forked(watch);
	}
	/* Threads that the child does not have may have held it. */
	pthread_mutex_init(&poller->due_lock, NULL);
	poller->waiting = false;
}

static void poller_in_child(void)
{
	list_for_each (node, &pollers)
		poller_let_go(poller_of(node));
	poller_unlock_all();
}

static void poller_install_handlers(void)
{
	poller_handlers_installed =
		fork_prepare() &&
		pthread_atfork(poller_before_fork, poller_unlock_all, poller_in_child) == 0;
}

bool poller_register(relevo_poller *poller)
{
	pthread_once(&poller_handlers, poller_install_handlers);
	if (!poller_handlers_installed)
		return false;
	watch_lock_all();
	list_append(&pollers, &poller->link);
	watch_unlock_all();
	return true;
}

void poller_unregister(relevo_poller *poller)
{
	list_remove(&poller->link);
}
