# SPDX-License-Identifier: Apache-2.0
# make, without a target, lists what there is.

PREFIX  ?= /usr/local
DESTDIR ?=

SWIFT   ?= swift
# The Swift runtime is linked in, so that the daemon needs Debian's own libraries alone.
RELEASE  = -c release --static-swift-stdlib --product mailmoved
# Tests watch clocks: all of them at once would keep each other waiting.
AT_ONCE  = SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=4
# What install takes.
DAEMON   = .build/release/mailmoved

sbindir      = $(DESTDIR)$(PREFIX)/sbin
bindir       = $(DESTDIR)$(PREFIX)/bin
unitdir      = $(DESTDIR)$(PREFIX)/lib/systemd/system
catalogdir   = $(DESTDIR)$(PREFIX)/lib/systemd/catalog
sysusersdir  = $(DESTDIR)$(PREFIX)/lib/sysusers.d
tmpfilesdir  = $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
mandir       = $(DESTDIR)$(PREFIX)/share/man
sharedir     = $(DESTDIR)$(PREFIX)/share/mailmove
# Where mailmovectl looks for its parts, from where it is itself.
ctldir       = $(sharedir)/mailmovectl
bashdir      = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
zshdir       = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
fishdir      = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
confdir      = $(DESTDIR)/etc/mailmove

units    = mailmoved.service mailmoved.socket mailmoved-login.socket mailmoved-metrics.socket
catalogs = $(wildcard systemd/*.catalog)
manpages = $(wildcard man/*.[1-8] clients/shell/man/*.[1-8] clients/shell/*.[1-8] systemd/*.[1-8] systemd/man/*.[1-8])
ctl_parts = commands complete input.sh $(patsubst clients/shell/%,%,$(wildcard clients/shell/jq/* clients/shell/help/* clients/shell/awk/*))
swift_sources = Package.swift $(shell find Sources clients -name '*.swift' 2>/dev/null)
# By their first line, whatever they are called.
shell_scripts = $(shell grep -rlIE --exclude-dir=.git --exclude-dir='.build*' --exclude='*.md' \
  '^\#!.*\b(ba)?sh( |$$)|^\# shellcheck shell=bash' . 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help setup build release test fuzz torture test-secrets demo docs bench bench-logins bench-syncs profile lint \
        reference format install uninstall deb test-deb clean

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

setup: ## Install what is missing of the Debian packages for building and testing
	@.ci/setup-debian test

build: ## Build the daemon for production (.build/release/mailmoved)
	@.ci/setup-debian build
	$(SWIFT) build $(RELEASE)

test: setup ## Run all tests
	$(SWIFT) build --build-tests
	$(AT_ONCE) Tests/failures-last $(SWIFT) test --skip-build --skip IntegrationTests --skip RealServersTests
	SWIFT='$(SWIFT)' Tests/failures-last Tests/side-by-side

KILLS   ?= 1000
CUTS    ?= 200
BOUND   ?= 3600
# What is tried: one daemon over SQLite, or three over PostgreSQL.
DATABASE ?= sqlite
tortures_sqlite     = kills(At|While)|PowerCutTests
tortures_postgresql = killsOfNodes
torture: setup ## Kill it and cut the power, and count what is lost [KILLS=1000] [CUTS=200] [BOUND=3600] [DATABASE=postgresql]
	$(SWIFT) build --build-tests
	MAILMOVE_TEST_KILLS=$(KILLS) MAILMOVE_TEST_CUTS=$(CUTS) MAILMOVE_TEST_SECONDS=$(BOUND) \
	  $(SWIFT) test --skip-build --no-parallel --filter 'IntegrationTests.*($(tortures_$(DATABASE)))'

# ThreadSanitizer is no help here: on Linux it does not know the standard library's Mutex (Swift 6.3), by which most of
# what is shared is guarded, and takes every use of one for a race, while actors and tasks alone pass. What races could
# do is left to the compiler: Swift 6 mode, with a reason beside each @unchecked Sendable.
fuzz: ## Fuzz what reads what strangers send: RUNS each (needs the toolchain's libFuzzer)
	@.ci/setup-debian build
	SWIFT='$(SWIFT)' Tests/Fuzz/fuzz

test-secrets: setup ## Look for passwords wherever the daemon as it is installed could leave one, in all its memory too
	$(SWIFT) build --build-tests
	$(SWIFT) build $(RELEASE)
	MAILMOVED=$(abspath $(DAEMON)) $(SWIFT) test --skip-build --no-parallel --filter 'IntegrationTests.*SecretsTests'

demo: setup ## Move mailboxes from a real Dovecot, on this machine, and compare every message
	$(SWIFT) build $(RELEASE)
	Tests/Demo/demo

docs: setup ## Write the pictures in README.md anew, from what mailmovectl shows
	$(SWIFT) build $(RELEASE)
	Tests/Demo/pictures

bench: ## Measure against mpop, mbsync and bare readers, side by side [BENCH='--rows S1,S2 --rounds 3 --scale 0.1']
	@.ci/setup-debian bench
	$(SWIFT) build $(RELEASE)
	Tests/Benchmarks/bench $(BENCH)
	Tests/Benchmarks/nodes $(BENCH)

profile: ## Show where the daemon's time goes in a benchmark's rows [BENCH='--rows S1 --scale 0.1']
	@.ci/setup-debian bench
	$(SWIFT) build $(RELEASE)
	Tests/Benchmarks/profile $(BENCH)

bench-logins: setup ## Measure what the daemon adds to a login, and 500 users who log in at once [LOGINS='--users 500']
	$(SWIFT) build $(RELEASE)
	Tests/Benchmarks/logins $(LOGINS)

SYNCS   ?= /var/tmp
bench-syncs: ## Measure ways to make a batch of messages durable on a folder's file system [SYNCS=/var/tmp]
	@.ci/setup-debian bench
	mkdir -p .build && $(CC) -O2 -D_GNU_SOURCE -pthread -o .build/syncs Tests/Benchmarks/syncs.c -luring
	.build/syncs $(SYNCS)

lint: ## Check format, shell scripts and units
	$(SWIFT) format lint --strict --parallel --recursive Sources Tests clients Package.swift
	shellcheck $(shell_scripts)
	@.ci/verify-units

reference: ## Write the reference in clients/README.md anew from the declarations
	$(SWIFT) build --build-tests
	MAILMOVE_WRITE_REFERENCE=1 $(SWIFT) test --skip-build --filter ReferenceTests

format: ## Format the Swift sources
	$(SWIFT) format --in-place --parallel --recursive Sources Tests clients Package.swift

# Built only where it is missing or out of date, so that `sudo make install` after `make build` builds nothing.
.build/release/mailmoved: $(swift_sources)
	$(SWIFT) build $(RELEASE)
	@touch $@

install: $(DAEMON) ## Install [PREFIX=/usr/local] [DESTDIR=]
	install -D -m 755 -s $(DAEMON) $(sbindir)/mailmoved
	install -D -m 755 clients/shell/mailmovectl $(bindir)/mailmovectl
	cd clients/shell && for part in $(ctl_parts); do \
	  install -D -m 644 $$part $(abspath $(ctldir))/$$part || exit 1; done
	install -d $(unitdir)
	for unit in $(units); do \
	  sed 's|/usr/local/|$(PREFIX)/|g' systemd/$$unit >$(unitdir)/$$unit && chmod 644 $(unitdir)/$$unit || exit 1; \
	done
	install -D -m 644 -t $(catalogdir) $(catalogs)
	install -D -m 644 systemd/drop-in.conf $(sharedir)/drop-in.conf
	install -D -m 644 systemd/mailmoved-alerts.yaml $(sharedir)/mailmoved-alerts.yaml
	sed -i 's|/usr/local/|$(PREFIX)/|g' $(sharedir)/drop-in.conf
	install -D -m 644 systemd/sysusers.conf $(sysusersdir)/mailmove.conf
	install -D -m 644 systemd/tmpfiles.conf $(tmpfilesdir)/mailmove.conf
	for page in $(manpages); do \
	  install -D -m 644 -t $(mandir)/man$${page##*.} $$page \
	    && sed -i 's|/usr/local/|$(PREFIX)/|g' $(mandir)/man$${page##*.}/$${page##*/} || exit 1; done
	if [ -d clients/dovecot ]; then \
	  find clients/dovecot -type f -printf '%P\n' | while read -r file; do \
	    install -D -m 644 "clients/dovecot/$$file" "$(sharedir)/dovecot/$$file" || exit 1; done; fi
	completions=clients/shell/completions; \
	if [ -f $$completions/mailmovectl.bash ]; then \
	  install -D -m 644 $$completions/mailmovectl.bash $(bashdir)/mailmovectl; fi; \
	if [ -f $$completions/_mailmovectl ]; then \
	  install -D -m 644 $$completions/_mailmovectl $(zshdir)/_mailmovectl; fi; \
	if [ -f $$completions/mailmovectl.fish ]; then \
	  install -D -m 644 $$completions/mailmovectl.fish $(fishdir)/mailmovectl.fish; fi
	[ -e $(confdir)/mailmoved.yaml ] || install -D -m 644 systemd/mailmoved.yaml $(confdir)/mailmoved.yaml
	if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then \
	  systemctl daemon-reload && journalctl --update-catalog; fi
	@[ -n "$(DESTDIR)" ] || printf '%s\n' 'Installed. To start it:' \
	  '  systemd-sysusers && systemctl enable --now mailmoved.socket mailmoved-login.socket'

uninstall: ## Remove what install has put there; configuration, state and mail stay
	if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then systemctl disable --now $(units) || true; fi
	rm -f $(sbindir)/mailmoved $(bindir)/mailmovectl $(addprefix $(unitdir)/,$(units))
	rm -f $(addprefix $(catalogdir)/,$(notdir $(catalogs))) $(sysusersdir)/mailmove.conf $(tmpfilesdir)/mailmove.conf
	for page in $(notdir $(manpages)); do rm -f $(mandir)/man$${page##*.}/$$page; done
	rm -f $(bashdir)/mailmovectl $(zshdir)/_mailmovectl $(fishdir)/mailmovectl.fish
	rm -rf $(sharedir)
	if [ -z "$(DESTDIR)" ] && [ -d /run/systemd/system ]; then systemctl daemon-reload; fi

# The version of the program, as it says itself.
version = $(shell sed -n 's/.*let version = "\(.*\)"/\1/p' Sources/Vocabulary/Vocabulary.swift)

deb: $(DAEMON) ## Build a Debian package (.build/deb/mailmove_VERSION_ARCHITECTURE.deb)
	@.ci/setup-debian package
	systemd/debian/build $(abspath $(DAEMON)) $(version)

test-deb: deb ## Install the package on a fresh Debian 12, use, upgrade and purge it (needs a Debian mirror)
	Tests/Systemd/debian-package .build/deb/mailmove_$(version)_*.deb

clean: ## Remove what was built
	$(SWIFT) package clean
