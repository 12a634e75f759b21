# SPDX-License-Identifier: MIT
#
#   make            the library into build/lib, the shell tool into build/bin
#   make demo       everything it needs, then a session of each provider through the shell tool, C and Python
#   make check      lint, Swift, cases, fast faults: less than two minutes; build/log has what they print
#   make test       everything it needs, then every test, then one summary
#   make lint       swift format, clang-format, shellcheck and mypy over all there is
#   make sandbox    PORT=8443 ARGS=: the four providers on this machine, with a page, for your own shop; ends with Ctrl-C
#   make wheel      the Python package, with and without the library, into build/dist
#   make dist       all that is released, into build/dist: sources, archives, Debian packages, wheels, checksums
#   make platforms  each of these installed and used: Debian 11, 12, 13, sid, arm64, musl (an hour)
#   make docs       the documentation as a site that can be searched offline, into build/docs; installs Sphinx
#   make bench      what loading and calling it costs, in time: to look at
#   make cost       AGAINST=libpaysession.so.0: instructions and system calls; fails where there are too many
#   make fuzz       SECONDS=600: libFuzzer over documents, configuration, options, references, HTTP
#   make attack     SECONDS=600: made-up documents, judged by the library and by an independent oracle
#   make soak       SECONDS=600: mixed work, faults, forks: memory, descriptors and threads stay level
#   make sanitize   valgrind over what is shipped, AddressSanitizer over the Swift tests
#   make allocations  each allocation fails in turn: a result, never a trap (ten minutes)
#   make libcurls   the faults again, with the libcurl of Debian 11, 12, 13 and sid (half an hour)
#   make mutants    the library broken in many small ways: the tests must notice each (half an hour)
#   make fifth      a toy as a fifth provider, in a copy: eight files, and none can be forgotten (five minutes)
#   make spark      the example on Spark: 20,000 rows, and a worker that is killed (five minutes; installs Spark)
#   make proof      Tests/PROOF.md, from what these left in build/proof at clean commits
#   make reproducible  a second build in another folder gives the same bytes
#   make sbom       the software bill of materials, into build
#   make install    PREFIX=/usr/local DESTDIR=: what make has built
#   make install-debug  the library's symbols beside it, for gdb and valgrind
#   make uninstall  both of them, with the same PREFIX and DESTDIR
#   make clean
#   make help       this menu

VERSION := $(shell cat VERSION)
SONAME  := libpaysession.so.0
PREFIX  ?= /usr/local
DESTDIR ?=
BINDIR  ?= $(PREFIX)/bin
LIBDIR  ?= $(PREFIX)/lib
INCDIR  ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share

CC      ?= cc
BUILD   := build
LIB     := $(BUILD)/lib/libpaysession.so.$(VERSION)
VENV    := $(BUILD)/venv
PYTHON  := $(VENV)/bin/python

# What Debian has to give. The Swift toolchain (6.2 or later) is the user's.
PACKAGES := libcurl4-openssl-dev libjansson-dev pkg-config build-essential
TEST_PACKAGES := cmake curl nginx-light strace tinyproxy valgrind openssl bats tmux groff bash-builtins \
	libsqlite3-dev sqlite3 zsh fish chromium chromium-driver \
	php-cli php-fpm libapache2-mod-php php-curl php-sqlite3 composer phpunit php-codesniffer php-psr-log php-guzzlehttp-guzzle wrk \
	php-symfony-dependency-injection php-symfony-config php-illuminate-container php-illuminate-support \
	php-illuminate-config python3-setuptools python3-wheel redis-server nodejs

# The library is loaded into every PHP worker: small. The checksum makes SwiftPM see changes of the C
# headers, which it does not track.
HEADERS := $(shell cat Include/paysession.h Sources/C*/* | cksum | cut -d' ' -f1)
# Exclusive access is checked in the debug build, which the tests run, and not again in each shop.
SWIFTFLAGS := -Xswiftc -Osize -Xswiftc -Xfrontend -Xswiftc -function-sections \
	-Xswiftc -enforce-exclusivity=unchecked -debug-info-format none \
	-Xcc -DPAYSESSION_HEADERS=$(HEADERS)

# SwiftPM compiles; it has no words for how a C library is linked, and would add a run path. So the link is
# ours, by the clang that comes with Swift:
#   version-script        session_* and nothing else, not Swift's mangled names
#   soname                programs are bound to the interface's number, not to the build
#   defs                  a symbol that nobody defines fails the build, not the shop
#   nodelete              fork handlers and libcurl outlive a dlclose
#   Bsymbolic             our own calls reach our own functions
#   wrap                  Swift's objects come from malloc, see Platform/Allocation.swift
#   Map                   where each part came from, for whoever looks and for the tests
#   gc-sections, icf      what nobody calls, and what is there twice, stay out
#   now, relro            tables of addresses are filled when it is loaded, and read-only from then on
TOOLCHAIN = $(dir $(shell readlink -f "$$(command -v swiftc)"))
CLANG = $(TOOLCHAIN)clang
# LLVM's: GNU's (2.40) loses lld's GNU_RELRO.
OBJCOPY = $(TOOLCHAIN)llvm-objcopy
LINKFLAGS := -shared -fuse-ld=lld -Wl,--version-script=Sources/paysession.map -Wl,-soname=$(SONAME) \
	-Wl,-z,defs -Wl,-z,nodelete -Wl,-z,now -Wl,-z,relro -Wl,-Bsymbolic -Wl,--gc-sections -Wl,--icf=all \
	-Wl,-O2 -Wl,--build-id=none -Wl,--wrap=posix_memalign -Wl,--wrap=free \
	-Wl,-Map=$(BUILD)/libpaysession.map
OBJECTS = .build/release/PaySession.build
TARGET  ?=
SYSROOT ?=
FOR = $(TARGET:%=--target=%) $(SYSROOT:%=--sysroot=%)
# Threads were a library of their own before glibc 2.34.
THREADS := -Wl,--push-state,--as-needed -l:libpthread.so.0 -Wl,--pop-state

.PHONY: all build link cli wheel dist platforms spark docs examples benches deps test-deps build-tests demo check test reproducible sandbox \
	fuzz attack soak sanitize allocations libcurls mutants fifth proof sbom bench cost \
	lint lint-swift lint-c lint-shell lint-python \
	built-before install install-debug uninstall clean help

all: build cli

help:
	@sed -n 's/^#   \(make\)/\1/p' Makefile

# What the toolchain's Embedded runtime gets wrong, in our words.
BRIDGE := $(BUILD)/bridge.o
$(BRIDGE): Sources/Runtime/bridge.c Makefile | deps
	@mkdir -p $(@D)
	$(CLANG) $(FOR) -std=c11 -Os -fPIC -fvisibility=hidden -ffunction-sections -Wall -Wextra -pedantic -Werror \
		-c $< -o $@

# The header's declarations alone, for languages that parse C themselves. PHP's FFI::load asks for the library
# in its first lines; it and everyone else know size_t and uint32_t without being told.
FFI_HEADER := $(BUILD)/include/paysession-ffi.h
$(FFI_HEADER): Include/paysession.h Makefile | deps
	@mkdir -p $(@D)
	@printf '#define %s "%s"\n' FFI_SCOPE paysession FFI_LIB $(SONAME) > $@.new
	@sed '/^#include/d; /^PAYSESSION_MUST_USE$$/d' $< | $(CC) -E -P -x c - >> $@.new
	@mv $@.new $@

build: deps $(BRIDGE) $(FFI_HEADER)
	swift build -c release --target PaySession $(SWIFTFLAGS)
	@$(MAKE) -s --no-print-directory link
	@mkdir -p $(BUILD)/lib/pkgconfig
	@$(call pkgconfig,$(CURDIR),$(CURDIR)/$(BUILD)/lib,$(CURDIR)/Include) > $(BUILD)/lib/pkgconfig/paysession.pc

# The link alone, of what the compiler left. With SYSROOT, the folder of another system, against the libraries
# of that system; with TARGET, its machine, of objects that were compiled for it.
# Objects of sources that are gone stay behind in SwiftPM's folder: only what has a source is linked.
SWIFT_OBJECTS ?= $(patsubst %,$(OBJECTS)/%.o,$(notdir $(shell find Sources/PaySession -name '*.swift' | sort)))
LIBRARIES ?= $(if $(SYSROOT),$(THREADS)) -lcurl -ljansson
link: $(BRIDGE)
	@mkdir -p $(BUILD)/lib
	@echo 'linking $(LIB)'
	@$(CLANG) $(FOR) $(LINKFLAGS) -o $(LIB).whole $(SWIFT_OBJECTS) $(BRIDGE) $(LIBRARIES)
	@# The symbol table goes into a file of its own, which gdb and valgrind look for beside the library. Lines
	@# are not in it: with -g the Swift compiler makes other code, and 20 kB more of it.
	@$(OBJCOPY) --only-keep-debug $(LIB).whole $(LIB).debug
	@# swift_modhash is a hash of the sources' paths; without it, two builds in two places give the same bytes.
	@$(OBJCOPY) --strip-all -R .swift_modhash --add-gnu-debuglink=$(LIB).debug $(LIB).whole $(LIB).new
	@rm $(LIB).whole
	@cmp -s $(LIB).new $(LIB) && rm $(LIB).new || mv $(LIB).new $(LIB)
	@ln -sf libpaysession.so.$(VERSION) $(BUILD)/lib/$(SONAME)
	@ln -sf $(SONAME) $(BUILD)/lib/libpaysession.so

# $(call pkgconfig,prefix,libdir,includedir)
# What is below the prefix is said by it: `pkg-config --define-prefix` moves the whole. No Requires.private: the
# header includes nothing of libcurl or jansson, and there is no static library that would need them.
pkgconfig = printf '%s\n' 'prefix=$(1)' 'libdir=$(2:$(1)/%=$${prefix}/%)' \
	'includedir=$(3:$(1)/%=$${prefix}/%)' '' 'Name: paysession' \
	'Description: Is this order paid, may the goods ship? Reads the sessions of payment providers' \
	'Version: $(VERSION)' 'Libs: -L$${libdir} -lpaysession' 'Cflags: -I$${includedir}'

# Says what is missing before it installs it; nothing to do, nothing said.
deps:
	@command -v swiftc >/dev/null || { \
		echo 'paysession: a Swift toolchain (6.2 or later) is needed: https://www.swift.org/install/linux/'; \
		exit 1; }
	@Tests/apt $(PACKAGES)

# Python for the sandbox, and what the tests need beside it, apart from the system's.
PIP = $(VENV)/bin/pip install -q --disable-pip-version-check
$(VENV)/sandbox: Tests/Sandbox/requirements.txt
	@Tests/apt python3-venv
	@echo 'paysession: installing Python packages of the sandbox into $(VENV)'
	@python3 -m venv $(VENV)
	@$(PIP) -r $<
	@touch $@

$(VENV)/ready: Tests/requirements.txt $(VENV)/sandbox
	@echo 'paysession: installing Python packages of the tests into $(VENV)'
	@$(PIP) -r $<
	@touch $@

test-deps: deps $(VENV)/ready
	@Tests/apt $(TEST_PACKAGES)

# Like any program outside: against the public header and the shared library.
OURS := -IInclude -L$(BUILD)/lib -lpaysession -Wl,-rpath,$(CURDIR)/$(BUILD)/lib
WARNINGS := -std=c99 -Wall -Wextra -pedantic -Werror

# The shell tool finds the library beside itself, wherever both are moved to.
CLI := $(BUILD)/bin/paysession
JANSSON ?= $(shell pkg-config --cflags --libs jansson)
RUNPATH ?= -Wl,-rpath,'$$ORIGIN/../lib'
$(CLI): $(wildcard Sources/paysession-cli/*.c Sources/paysession-cli/*.h) Include/paysession.h | build
	@mkdir -p $(@D)
	$(CC) -O2 -std=gnu99 -D_GNU_SOURCE -Wall -Wextra -pedantic -Werror $(filter %.c,$^) -IInclude \
		-L$(BUILD)/lib -lpaysession $(JANSSON) $(RUNPATH) -o $@

# Its second manual says what the tool itself says of the configuration.
CONFIG_MANUAL := $(BUILD)/man/paysession-config.5
$(CONFIG_MANUAL): $(CLI)
	@mkdir -p $(@D)
	@$(CLI) --config-manual > $@.new
	@mv $@.new $@

cli: $(CLI) $(CONFIG_MANUAL)

# The library's own needs give the wheel its tag; no clock is in it: twice the same bytes.
wheel: build $(VENV)/ready
	@rm -f $(BUILD)/dist/paysession-*.whl $(BUILD)/dist/paysession-*.tar.gz
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || date +%s)} \
		$(PYTHON) -m build -qq --no-isolation --wheel --sdist --outdir $(BUILD)/dist bindings/python
	@ls -1 $(BUILD)/dist/paysession-*

# For x86-64 and arm64, glibc and musl. What it is made of besides is fetched once: headers and libraries of two
# machines, and sources of Debian's (a release removes build/sources first, for what has been mended since).
dist: build cli $(VENV)/ready
	@Tests/apt cmake dpkg-dev perl
	@packaging/sysroot amd64
	@packaging/sysroot arm64
	@packaging/source jansson bookworm
	@packaging/source nghttp2 bookworm
	@for name in curl openssl zlib; do packaging/source $$name trixie || exit; done
	@$(PYTHON) packaging/dist.py

platforms: dist test-deps
	@Tests/apt mmdebstrap lintian
	@$(PYTHON) -m pytest -q Tests/Platforms/test_dist.py Tests/Platforms/test_binary_wheel.py
	@$(PYTHON) Tests/Platforms/platforms.py
	@$(PYTHON) Tests/Platforms/musl.py
	@$(PYTHON) Tests/Platforms/arm64.py

EXAMPLES := $(addprefix $(BUILD)/examples/,paid reconcile)
$(EXAMPLES): $(BUILD)/examples/%: examples/c/%.c Include/paysession.h | build
	@mkdir -p $(@D)
	$(CC) $(WARNINGS) $< $(OURS) -o $@

OUR_BENCHES := $(addprefix $(BUILD)/bench/,offline open calls batch)
BARE_BENCHES := $(addprefix $(BUILD)/bench/,bare bare_calls bare_batch)

$(OUR_BENCHES): $(BUILD)/bench/%: Tests/Benchmarks/%.c | build
	@mkdir -p $(@D)
	$(CC) -O2 $(WARNINGS) $< $(OURS) -o $@

$(BARE_BENCHES): $(BUILD)/bench/%: Tests/Benchmarks/%.c | deps
	@mkdir -p $(@D)
	$(CC) -O2 $(WARNINGS) $< $(shell pkg-config --cflags --libs libcurl jansson) -o $@

benches: $(OUR_BENCHES) $(BARE_BENCHES)

examples: $(EXAMPLES)

demo: build cli examples $(VENV)/ready
	@examples/demo $(BUILD)

# Needs Python and nothing else: no Swift, no compiler. Each port has its own folder, so that several run side by side.
PORT ?= 8443
sandbox: $(VENV)/sandbox
	@PYTHONPATH=Tests/Sandbox/src $(PYTHON) -m paysession_sandbox serve --port $(PORT) \
		--directory $(BUILD)/sandbox$(if $(filter-out 8443,$(PORT)),-$(PORT)) $(ARGS)

# libFuzzer with AddressSanitizer over everything that comes from outside. Documents made up and mutated,
# judged by the library and by an oracle that shares nothing with it. The library broken on purpose.
SECONDS ?= 600
PROOF   := $(BUILD)/proof
$(PROOF):
	@mkdir -p $@

fuzz: deps | $(PROOF)
	@Tests/Fuzz/run --seconds $(SECONDS) --json $(PROOF)/fuzz.json

attack: build $(VENV)/ready | $(PROOF)
	@$(PYTHON) Tests/Proof/attack.py --seconds $(SECONDS) $(if $(SEED),--seed $(SEED)) --json $(PROOF)/attack.json

soak: build test-deps | $(PROOF)
	@$(PYTHON) Tests/Proof/soak.py --seconds $(SECONDS) --json $(PROOF)/soak.json --plot $(PROOF)/soak.png

sanitize: build examples test-deps | $(PROOF)
	@$(PYTHON) Tests/Proof/sanitizers.py --json $(PROOF)/sanitize.json

allocations: build test-deps | $(PROOF)
	@$(PYTHON) Tests/Proof/allocations.py --json $(PROOF)/allocations.json

# Each of those systems is a folder in build/libcurls, made once.
libcurls: build test-deps | $(PROOF)
	@Tests/apt mmdebstrap
	@python3 Tests/Libcurls/run.py --json $(PROOF)/libcurls.json $(SUITES)

mutants: build cli test-deps | $(PROOF)
	@$(PYTHON) Tests/Proof/mutants.py --json $(PROOF)/mutants.json

proof: build cli examples test-deps | $(PROOF)
	@$(PYTHON) Tests/Proof/report.py --take

fifth: build cli examples test-deps
	@$(PYTHON) Tests/Fifth/fifth.py

# Spark, with the Java that it runs on, is larger than all that the other tests need.
$(VENV)/spark: Tests/spark-requirements.txt $(VENV)/ready
	@Tests/apt openjdk-17-jre-headless
	@echo 'paysession: installing Spark into $(VENV)'
	@$(PIP) -r $<
	@touch $@

# Its types are those of packages that are there only then.
spark: build test-deps $(VENV)/spark
	@$(VENV)/bin/mypy --config-file Tests/mypy.ini --cache-dir $(BUILD)/mypy examples/spark/*.py
	@$(PYTHON) -m pytest -q Tests/Examples/test_spark.py

$(VENV)/docs: docs/requirements.txt $(VENV)/ready
	@Tests/apt mandoc chromium chromium-driver
	@echo 'paysession: installing Sphinx into $(VENV)'
	@$(PIP) -r $<
	@touch $@

# No clock is in it, and nothing of an earlier build: twice the same bytes.
docs: cli $(VENV)/docs
	@rm -rf $(BUILD)/docs
	@SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || date +%s)} \
		$(PYTHON) -B -m sphinx -q -W --keep-going -E -d $(BUILD)/doctrees docs $(BUILD)/docs
	@$(PYTHON) -m pytest -q Tests/Docs
	@echo '$(BUILD)/docs/index.html'

# What is in it and what it needs, as SPDX 2.3.
sbom: build cli
	@python3 Tests/Proof/sbom.py $(BUILD) > $(BUILD)/paysession.spdx.json
	@echo '$(BUILD)/paysession.spdx.json'

bench: benches test-deps
	@$(PYTHON) Tests/Benchmarks/bench.py $(BUILD)/bench
	@$(PYTHON) Tests/Benchmarks/php.py
	@$(PYTHON) Tests/Benchmarks/python.py $(BUILD)/bench

cost: benches test-deps
	@$(PYTHON) Tests/Benchmarks/cost.py $(BUILD)/bench $(if $(AGAINST),--against $(AGAINST) --limit 1.02)

# None hides what the others say. C has one style, .clang-format; not in it are the header, whose tables are
# set by hand, what was released, and (until they are formatted) the sources of the shell tool.
lint: deps $(VENV)/ready
	@$(MAKE) -s -k --no-print-directory lint-swift lint-c lint-shell lint-python

lint-swift:
	swift format lint --strict --parallel --recursive Package.swift Sources/PaySession Tests/PaySessionTests

lint-c:
	$(VENV)/bin/clang-format --dry-run --Werror \
		$$(git ls-files '*.c' '*.h' ':!Include' ':!Tests/ABI/releases')

# Variables of a bats file are read by others, and bats itself ends a test where a command fails.
lint-shell:
	$(VENV)/bin/shellcheck $$(git grep -lE '^#!.*[/ ](ba)?sh$$' -- ':!*.md' ':!Makefile')
	$(VENV)/bin/shellcheck -s bash $$(git ls-files 'Sources/paysession-cli/*.bash')
	$(VENV)/bin/shellcheck -s bats -S warning -e SC2034,SC2164 $$(git ls-files '*.bats' 'Tests/CLI/*.bash')

# Files named conftest.py would be one module in one run.
lint-python:
	$(VENV)/bin/mypy --config-file Tests/mypy.ini --cache-dir $(BUILD)/mypy \
		$$(git ls-files 'Tests/*.py' 'docs/*.py' 'packaging/*.py' 'examples/*.py' ':!examples/django/*' ':!examples/spark/*' ':!*conftest.py') Tests/Fuzz/run
	for file in $$(git ls-files 'Tests/*conftest.py'); do \
		$(VENV)/bin/mypy --config-file Tests/mypy.ini --cache-dir $(BUILD)/mypy $$file || exit; done
	cd bindings/python && $(CURDIR)/$(VENV)/bin/mypy

# The sources as full Swift, with exclusive access checked.
build-tests: deps
	swift build --build-tests -Xcc -DPAYSESSION_HEADERS=$(HEADERS)

# Each part runs to its end; then one summary says what became of them.
check: build cli examples build-tests test-deps
	@$(PYTHON) Tests/parts.py check

test: build cli examples benches build-tests test-deps
	@$(PYTHON) Tests/parts.py test

# The library and the tool, built once more in another folder, have the same bytes.
reproducible: build cli test-deps
	@$(PYTHON) -m pytest -q Tests/Proof/test_build.py

# What is installed, as mode:file:place. Root does it, who need not have a Swift toolchain: nothing is built here.
TOOL := Sources/paysession-cli
completions.bash := bash-completion/completions/paysession
completions.zsh := zsh/site-functions/_paysession
completions.fish := fish/vendor_completions.d/paysession.fish
FILES := 755:$(CLI):$(BINDIR)/paysession 755:$(LIB):$(LIBDIR)/libpaysession.so.$(VERSION) \
	$(foreach file,Include/paysession.h Include/paysession.schema.json $(FFI_HEADER), \
		644:$(file):$(INCDIR)/$(notdir $(file))) \
	$(foreach file,$(wildcard bindings/php/preload.php bindings/php/src/Native.php), \
		644:$(file):$(DATADIR)/paysession/php/$(notdir $(file))) \
	$(foreach file,$(TOOL)/paysession.1 $(CONFIG_MANUAL), \
		644:$(file):$(DATADIR)/man/man$(subst .,,$(suffix $(file)))/$(notdir $(file))) \
	$(foreach file,$(wildcard $(addprefix $(TOOL)/paysession.,bash zsh fish)), \
		644:$(file):$(DATADIR)/$(completions$(suffix $(file))))
LINKS := $(LIBDIR)/$(SONAME) $(LIBDIR)/libpaysession.so
CMAKE_DIR := $(LIBDIR)/cmake/paysession
WRITTEN := $(LIBDIR)/pkgconfig/paysession.pc $(addprefix $(CMAKE_DIR)/paysessionConfig,.cmake Version.cmake)
DEBUG_FILE := $(LIBDIR)/.debug/$(notdir $(LIB)).debug

# $(call cmake,template), to stdout. What is below the prefix is said by it, as in paysession.pc.
cmake = sed -e 's|@UP@|$(shell realpath -m --relative-to=$(CMAKE_DIR) $(PREFIX))|' \
	-e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${paysession_prefix}/%)|' \
	-e 's|@INCDIR@|$(INCDIR:$(PREFIX)/%=$${paysession_prefix}/%)|' -e 's|@SONAME@|$(SONAME)|' \
	-e 's|@VERSION@|$(VERSION)|' -e 's|@MAJOR@|$(firstword $(subst ., ,$(VERSION)))|' Sources/cmake/$(1).in

# The loader reads its folders from a cache. A staged install is another machine's matter.
LDCONFIG = $(if $(DESTDIR),:,PATH=$$PATH:/usr/sbin:/sbin ldconfig 2>/dev/null || :)

# $(call place,mode file place)
define place
	install -D -m $(word 1,$(1)) $(word 2,$(1)) $(DESTDIR)$(word 3,$(1))

endef

built-before:
	@for file in $(foreach file,$(FILES),$(word 2,$(subst :, ,$(file)))) $(LIB).debug; do \
		[ -e $$file ] || { echo "paysession: $$file is missing: run make first"; exit 1; }; done

install: built-before
	$(foreach file,$(FILES),$(call place,$(subst :, ,$(file))))
	ln -sf libpaysession.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libpaysession.so
	install -d $(addprefix $(DESTDIR),$(sort $(dir $(WRITTEN))))
	$(call pkgconfig,$(PREFIX),$(LIBDIR),$(INCDIR)) > $(DESTDIR)$(LIBDIR)/pkgconfig/paysession.pc
	$(call cmake,paysessionConfig.cmake) > $(DESTDIR)$(CMAKE_DIR)/paysessionConfig.cmake
	$(call cmake,paysessionConfigVersion.cmake) > $(DESTDIR)$(CMAKE_DIR)/paysessionConfigVersion.cmake
	@$(LDCONFIG)
	@[ -n '$(DESTDIR)' ] || PATH=$$PATH:/usr/sbin:/sbin ldconfig -p | grep -qF '=> $(LIBDIR)/$(SONAME)' || { \
		echo 'paysession: the loader does not find $(LIBDIR)/$(SONAME) yet: name $(LIBDIR) in a file of'; \
		echo '/etc/ld.so.conf.d and run ldconfig as root, or set LD_LIBRARY_PATH=$(LIBDIR)'; }

install-debug: built-before
	install -D -m 644 $(LIB).debug $(DESTDIR)$(DEBUG_FILE)

# Folders that only this library had go too.
uninstall:
	rm -f $(addprefix $(DESTDIR),$(foreach file,$(FILES),$(word 3,$(subst :, ,$(file)))) $(LINKS) $(WRITTEN) $(DEBUG_FILE))
	@-rmdir --ignore-fail-on-non-empty $(wildcard $(addprefix $(DESTDIR),$(CMAKE_DIR) $(LIBDIR)/.debug \
		$(DATADIR)/paysession/php $(DATADIR)/paysession))
	@$(LDCONFIG)

clean:
	rm -rf $(BUILD) .build
