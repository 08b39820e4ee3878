#include "engine/io/pages.h"

#include <malloc.h>

#ifdef __linux__
#include <link.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static int release_object(struct dl_phdr_info *object, size_t size, void *data) {
	(void)size;
	uintptr_t mask = ~((uintptr_t) * (const long *)data - 1);
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
		if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0) {
			continue;
		}
		uintptr_t start = ((uintptr_t)object->dlpi_addr + segment->p_vaddr) & mask;
		uintptr_t end = (uintptr_t)object->dlpi_addr + segment->p_vaddr + segment->p_memsz;
		madvise((void *)start, end - start, MADV_DONTNEED); /* a refusal only keeps the pages */
	}
	return 0;
}

void pages_release(void) {
	long page = sysconf(_SC_PAGESIZE);
	dl_iterate_phdr(release_object, &page);
}
#else
void pages_release(void) {}
#endif

#define HEAP_FREE_MAX (4u << 20)

void pages_trim_heap(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
	if (mallinfo2().fordblks > HEAP_FREE_MAX) {
		malloc_trim(0);
	}
#endif
}
