# The developers' front door; the build itself is Meson's.
#
#   make          the program, optimised: build/orrery
#   make test     every test twice: with clang and sanitizers, and optimised with gcc
#                 (SUITE=unit: only that suite)
#   make check    style, layers, lengths, and what compilers and cppcheck have to say
#   make bench     measures the speed of the simulation on four networks (docs/performance.md)
#   make clean    removes the build folders

SUITE =
suites = $(if $(SUITE),--suite $(SUITE))

all: build/build.ninja
	meson compile -C build orrery
	ln -sf src/cli/orrery build/orrery

build/build.ninja:
	CC=gcc meson setup --buildtype=release build

build-asan/build.ninja:
	CC=clang meson setup -Db_sanitize=address,undefined -Db_lundef=false build-asan

build-clang/build.ninja:
	CC=clang meson setup --buildtype=release build-clang

# Meson leaves the unit tests out where cmocka is missing; build/ may have been made before it came.
with-cmocka: build/build.ninja build-asan/build.ninja
	@pkg-config --exists cmocka || { echo "cmocka is missing: run tools/install-deps test"; exit 1; }
	@for folder in build build-asan; do \
	    grep -q tests/unit/ $$folder/build.ninja || meson setup --reconfigure $$folder || exit; \
	done

test: with-cmocka
	rm -f build/meson-logs/testlog.json build-asan/meson-logs/testlog.json
	ninja -C build-asan
	ninja -C build
	@status=0; for folder in build-asan build; do \
	    meson test -C $$folder --no-rebuild --print-errorlogs $(suites) || status=1; \
	done; exit $$status

check: with-cmocka build-clang/build.ninja
	tools/check-format
	tools/check-layers
	tools/check-length
	ninja -C build
	ninja -C build-clang
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
	    --inline-suppr --suppressions-list=tools/cppcheck-suppressions -D_GNU_SOURCE -Isrc \
	    -j $(shell nproc) src

bench: all
	@for scenario in dumbbell chain star idle; do build/orrery bench $$scenario || exit; done

clean:
	rm -rf build build-asan build-clang

.PHONY: all with-cmocka test check bench clean
