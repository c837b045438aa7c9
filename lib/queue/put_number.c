/* The numbers of puts that may come again: see put_number.h. */
#include "queue/put_number.h"

void put_number_hold(struct put_numbers *numbers, struct put_number *number,
		     Relevo__QueuePut *operation)
{
	if (number->sequence == 0) {
		number->sequence = ++numbers->last;
		list_append(&numbers->unsettled, &number->link);
	}
	const struct list *oldest = list_first(&numbers->unsettled);
	operation->sequence = number->sequence;
	operation->settled = container_of(oldest, struct put_number, link)->sequence;
}

void put_number_settle(struct put_number *number)
{
	list_remove(&number->link);
	number->sequence = 0;
}
