/* Finding a function in another run of the program: see target.h. */
#include "process/target.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

/* What is looked for among the objects that are loaded. */
struct search {
	uintptr_t address;     /* that one of them has; 0: by name */
	struct target *target; /* the name, or what was found */
	uintptr_t base;
	uintptr_t end; /* of what is loaded */
	bool found;
	uint8_t build[BUILD_ID_MAX];
	size_t build_size;
};

/* The build id among the notes of one segment. */
static void read_notes(struct search *search, const uint8_t *notes, size_t size)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const void *)notes;
		size_t name = (note->n_namesz + 3U) & ~3U;
		size_t total = sizeof *note + name + ((note->n_descsz + 3U) & ~3U);
		if (total > size)
			return;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == sizeof ELF_NOTE_GNU &&
		    memcmp(notes + sizeof *note, ELF_NOTE_GNU, sizeof ELF_NOTE_GNU) == 0 &&
		    note->n_descsz <= BUILD_ID_MAX) {
			memcpy(search->build, notes + sizeof *note + name, note->n_descsz);
			search->build_size = note->n_descsz;
			return;
		}
		notes += total;
		size -= total;
	}
}

static bool contains(const struct dl_phdr_info *info, uintptr_t address)
{
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;
		if (segment->p_type == PT_LOAD && address >= start &&
		    address - start < segment->p_memsz)
			return true;
	}
	return false;
}

static int look_at(struct dl_phdr_info *info, size_t size, void *argument)
{
	struct search *search = argument;
	(void)size;
	bool same = search->address != 0 ? contains(info, search->address)
					 : strcmp(info->dlpi_name, search->target->module) == 0;
	if (!same || strlen(info->dlpi_name) >= sizeof search->target->module)
		return 0;
	search->found = true;
	search->base = info->dlpi_addr;
	strcpy(search->target->module, info->dlpi_name);
	for (size_t i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;
		if (segment->p_type == PT_LOAD && start + segment->p_memsz > search->end)
			search->end = start + segment->p_memsz;
		if (segment->p_type == PT_NOTE && search->build_size == 0)
			read_notes(search, (const uint8_t *)start, segment->p_memsz);
	}
	return 1;
}

int target_describe(relevo_target *function, struct target *target, struct error *error)
{
	*target = (struct target){ 0 };
	struct search search = { .address = (uintptr_t)function, .target = target };
	dl_iterate_phdr(look_at, &search);
	if (!search.found)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "the function for a process is in no part of the program");
	target->offset = search.address - search.base;
	target->build_size = search.build_size;
	memcpy(target->build, search.build, search.build_size);
	return RELEVO_OK;
}

int target_find(const struct target *target, relevo_target **function, struct error *error)
{
	struct target wanted = *target;
	struct search search = { .target = &wanted };
	dl_iterate_phdr(look_at, &search);
	/* It stays loaded: what the function leaves behind may need it. */
	if (!search.found && dlopen(target->module, RTLD_NOW) != NULL)
		dl_iterate_phdr(look_at, &search);
	const char *shown = target->module[0] != '\0' ? target->module : "the program";
	if (!search.found || target->offset >= search.end - search.base)
		return error_set(error, RELEVO_NOT_FOUND,
				 "the function for a process is not in %s any more", shown);
	if (search.build_size != target->build_size ||
	    memcmp(search.build, target->build, target->build_size) != 0)
		return error_set(error, RELEVO_NOT_FOUND, "%s has been changed since the start",
				 shown);
	*function = (relevo_target *)(search.base + target->offset);
	return RELEVO_OK;
}
