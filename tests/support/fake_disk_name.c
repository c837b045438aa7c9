/* Names of a fake disk: those that are seen, and those that a power cut leaves. */
#include "support/fake_disk_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_name_change {
	struct fake_name_change *next;
	struct fake_file *file;
	char from[64], to[64]; /* may be "" */
};

static struct fake_name **fake_names_place(struct fake_name **names, const char *text)
{
	while (*names != NULL && strcmp((*names)->text, text) != 0)
		names = &(*names)->next;
	return names;
}

struct fake_file *fake_names_find(struct fake_name *names, const char *text)
{
	struct fake_name **place = fake_names_place(&names, text);
	return *place != NULL ? (*place)->file : NULL;
}

static void fake_names_remove(struct fake_name **names, const char *text)
{
	struct fake_name **place = fake_names_place(names, text);
	struct fake_name *found = *place;
	if (found == NULL)
		return;
	*place = found->next;
	free(found);
}

static void fake_names_apply(struct fake_name **names, const struct fake_name_change *change)
{
	fake_names_remove(names, change->from);
	if (change->to[0] == '\0')
		return;
	fake_names_remove(names, change->to);
	struct fake_name *name = calloc(1, sizeof *name);
	if (name == NULL)
		abort();
	snprintf(name->text, sizeof name->text, "%s", change->to);
	name->file = change->file;
	name->next = *names;
	*names = name;
}

void fake_names_change(struct fake_disk *disk, const char *from, const char *to,
		       struct fake_file *file)
{
	struct fake_name_change *change = calloc(1, sizeof *change);
	if (change == NULL)
		abort();
	change->file = file;
	snprintf(change->from, sizeof change->from, "%s", from != NULL ? from : "");
	snprintf(change->to, sizeof change->to, "%s", to != NULL ? to : "");
	fake_names_apply(&disk->names, change);
	*disk->changes_end = change;
	disk->changes_end = &change->next;
}

/* So many of the changes, the first ones, become durable; the others are forgotten. */
static void fake_names_keep(struct fake_disk *disk, unsigned count)
{
	while (disk->changes != NULL) {
		struct fake_name_change *change = disk->changes;
		disk->changes = change->next;
		if (count > 0) {
			fake_names_apply(&disk->durable_names, change);
			count--;
		}
		free(change);
	}
	disk->changes_end = &disk->changes;
}

void fake_names_sync(struct fake_disk *disk)
{
	fake_names_keep(disk, -1U);
}

static void fake_names_clear(struct fake_name **names)
{
	while (*names != NULL)
		fake_names_remove(names, (*names)->text);
}

/* The journal of a file system has changes of names in their order. */
void fake_names_lose(struct fake_disk *disk, enum fake_loss loss)
{
	unsigned count = 0;
	for (const struct fake_name_change *change = disk->changes; change != NULL;
	     change = change->next)
		count++;
	if (loss == FAKE_DROPS)
		count = 0;
	else if (loss != FAKE_KEEPS)
		count = random_below(&disk->random, count + 1);
	fake_names_keep(disk, count);
	fake_names_clear(&disk->names);
	for (const struct fake_name *name = disk->durable_names; name != NULL; name = name->next) {
		struct fake_name_change same = { .file = name->file };
		snprintf(same.to, sizeof same.to, "%s", name->text);
		fake_names_apply(&disk->names, &same);
	}
}

void fake_names_free(struct fake_disk *disk)
{
	fake_names_keep(disk, 0);
	fake_names_clear(&disk->names);
	fake_names_clear(&disk->durable_names);
}
