# SPDX-License-Identifier: Apache-2.0
package Bench::Servers;
# The servers that mail is moved from and to: Dovecot, twice.
use strict;
use warnings;
use Bench::Ground;
use Exporter 'import';
use File::Path 'make_path';
use List::Util 'sum';

our @EXPORT = qw(
    %octets %port mailbox mailboxes spread start_old_server prepare_platform start_platform end_platform arrived);

# Of all mail of a mailbox, as it goes over the wire.
our %octets;
# pop3, imap; far_pop3, far_imap: the same over a round trip of 50 ms; new: the platform's IMAP.
our %port;

# ── The old server's ────────────────────────────────────────────────────────────────────────────────────────────

sub mailbox {
    my ($here, $kind, $name, $count) = @_;
    make_path "$folder/old/mail";
    chomp($octets{$name} = `$here/mailboxes $folder/old/mail $kind $name $count`);
    fail('mailboxes') if $?;
}

# Many that are the same.
sub mailboxes {
    my ($here, $kind, $count, @names) = @_;
    mailbox($here, $kind => $names[0], $count);
    system 'cp', '-al', "$folder/old/mail/$names[0]", "$folder/old/mail/$_" for @names[1 .. $#names];
    $octets{$_} = $octets{$names[0]} for @names;
}

# Spreads a mailbox over so many folders, of which the inbox is one.
sub spread {
    my ($name, $folders) = @_;
    my $maildir = "$folder/old/mail/$name";
    make_path map { my $at = "$maildir/.Folder$_"; map { "$at/$_" } qw(cur new tmp) } 1 .. $folders - 1;
    my $number = 0;
    for my $file (glob "$maildir/cur/*") {
        my $at = $number++ % $folders or next;
        rename $file, $file =~ s{/cur/}{/.Folder$at/cur/}r or fail("$file: $!");
    }
}

sub start_old_server {
    my ($root, @names) = @_;
    make_path "$folder/old/mail";
    write_file("$folder/old/users", map { "$_\@example.com:{PLAIN}old-$_-1998\n" } @names);
    $port{$_} = free_port() for qw(pop3 imap far_pop3 far_imap slow_imap new);
    start("$folder/old.log", "$root/Tests/Demo/old-server", "$folder/old", @port{qw(pop3 imap)});
    for (qw(pop3 imap)) {
        listening($port{$_});
        start("$folder/relay.log", "$folder/bin/relay", $port{"far_$_"}, $port{$_}, 25);
        listening($port{"far_$_"});
    }
    # A megabyte a second for each connection.
    start("$folder/relay.log", "$folder/bin/relay", @port{qw(slow_imap imap)}, 0, 1 << 20);
    listening($port{slow_imap});
}

# ── The new platform's, for mail that arrives by APPEND ─────────────────────────────────────────────────────────

my ($command, $platform);

sub prepare_platform {
    my $here = shift;
    $command = "$here/new-server";
    make_path "$folder/platform";
    write_file("$folder/platform/masters", "mover:{PLAIN}moves\n");
    write_file("$folder/platform/password", 'moves');
}

# Empty each time.
sub start_platform {
    end_platform();
    put_aside("$folder/platform/mail", "$folder/platform/run");
    $platform = start("$folder/platform.log", $command, "$folder/platform", $port{new});
    listening($port{new});
}

sub end_platform {
    end($platform) if $platform;
    undef $platform;
}

# How many messages the inboxes hold.
sub arrived {
    my @there = map { /messages=(\d+)/ ? $1 : () }
        map { `doveadm -c $folder/platform/dovecot.conf mailbox status -u $_\@example.com messages INBOX` } @_;
    return sum @there, 0;
}

1;
