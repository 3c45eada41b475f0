# SPDX-License-Identifier: Apache-2.0
package Bench::Peers;
# What mailmoved is held against: other movers, and clients that do less than any mover may.
use strict;
use warnings;
use Bench::Ground;
use Bench::Servers;
use Exporter 'import';
use File::Path 'make_path';

our @EXPORT = qw(compile by_mpop by_mbsync by_dsync by_reader by_writer by_fetchmail);

# The clients of our own.
sub compile {
    my $here = shift;
    make_path "$folder/bin";
    for my $name (qw(reader imap-reader imap-writer relay)) {
        my @shared = $name eq 'relay' ? '-pthread' : ("$here/client.c", '-lssl', '-lcrypto');
        system('cc', '-O2', '-D_GNU_SOURCE', '-o', "$folder/bin/$name", "$here/$name.c", @shared) == 0
            or fail("$name.c");
    }
}

# Has the commands move a row's mailboxes; then again, if the row says so.
sub moved {
    my ($row, $who, $count, @commands) = @_;
    sync_all();
    my $result = measured(16, @commands);
    my $there = $count->();
    $there == $row->{messages} or fail("$who brought $there of $row->{messages} messages");
    return $row->{again} ? measured(16, @commands) : $result;
}

sub by_mpop {
    my $row = shift;
    my @commands;
    put_aside("$folder/new");
    for my $name (@{$row->{names}}) {
        make_path map { "$folder/new/$name/$_" } qw(cur new tmp);
        write_file(
            "$folder/new/$name.conf", "account a\nhost 127.0.0.1\nport $row->{port}\nauth user\n",
            "user $name\@example.com\npassword old-$name-1998\ntls ",
            $row->{tls} ? "on\ntls_starttls on\ntls_certcheck off\n" : "off\n",
            "keep on\nonly_new on\nuidls_file $folder/new/$name.uidls\ndelivery maildir $folder/new/$name\n",
            "received_header off\n");
        chmod 0600, "$folder/new/$name.conf";
        push @commands, ['mpop', '-C', "$folder/new/$name.conf", '-q', 'a'];
    }
    return moved($row, 'mpop', sub { files("$folder/new") }, @commands);
}

# By IMAP; it syncs each message.
sub by_mbsync {
    my $row = shift;
    my @commands;
    put_aside("$folder/new");
    for my $name (@{$row->{names}}) {
        make_path "$folder/new/$name";
        my ($from, $near, $state) = $row->{into}
            ? ($port{imap}, "IMAPAccount new\nHost 127.0.0.1\nPort $port{new}\nUser $name\@example.com\nPass new\n"
                . "SSLType None\nAuthMechs LOGIN\n\nIMAPStore new\nAccount new\n", "$folder/new/$name/")
            : ($row->{port}, "MaildirStore new\nInbox $folder/new/$name/inbox\nSubFolders Maildir++\n", '*');
        write_file(
            "$folder/new/$name.conf", "IMAPAccount old\nHost 127.0.0.1\nPort $from\nUser $name\@example.com\n",
            "Pass old-$name-1998\nSSLType None\nAuthMechs LOGIN\n\nIMAPStore old\nAccount old\n\n$near\n",
            "Channel all\nFar :old:\nNear :new:\nPatterns *\nCreate Near\nSync Pull New\nSyncState $state\n",
            "CopyArrivalDate yes\n");
        push @commands, ['mbsync', '-c', "$folder/new/$name.conf", '-q', 'all'];
    }
    start_platform() if $row->{into};
    return moved(
        $row, 'mbsync', sub { $row->{into} ? arrived(@{$row->{names}}) : files("$folder/new") }, @commands);
}

# Dovecot's own mover, by IMAP, told to sync each message.
sub by_dsync {
    my $row = shift;
    put_aside("$folder/new");
    my @commands;
    # It works for nobody who is root.
    make_path "$folder/new", {owner => 'mail', group => 'mail'};
    write_file(
        "$folder/dsync.conf", "base_dir = $folder/dsync\nstate_dir = $folder/dsync\nssl = no\n",
        "log_path = /dev/stderr\nmail_location = maildir:~/Maildir\nmail_fsync = always\nimapc_host = 127.0.0.1\n",
        "imapc_port = $row->{port}\nimapc_user = %u\nimapc_features = rfc822.size fetch-headers\n",
        "namespace inbox {\n  inbox = yes\n}\n");
    for my $name (@{$row->{names}}) {
        push @commands, [
            qw(setpriv --reuid mail --regid mail --clear-groups env), "USER=$name\@example.com",
            "HOME=$folder/new/$name", 'doveadm', '-c', "$folder/dsync.conf", '-o',
            "imapc_password=old-$name-1998", qw(backup -R imapc:)];
    }
    return moved($row, 'dsync', sub { files("$folder/new") }, @commands);
}

sub by_reader {
    my ($row, $keeps) = @_;
    put_aside("$folder/new");
    my @commands;
    for my $name (@{$row->{names}}) {
        make_path "$folder/new/$name";
        push @commands, [
            "$folder/bin/" . ($row->{imap} ? 'imap-reader' : 'reader'), $row->{tls} ? '--tls' : (),
            $keeps ? ('--files', "$folder/new/$name") : (), $row->{again} ? '--list' : (),
            '--user', "$name\@example.com", '--password', "old-$name-1998", $row->{port}];
    }
    sync_all();
    return measured(16, @commands);
}

# Of one mailbox, into the platform.
sub by_writer {
    my $row = shift;
    my ($name) = @{$row->{names}};
    start_platform();
    sync_all();
    my @files = sort glob "$folder/old/mail/$name/cur/*";
    my $result = measured(
        1, ["$folder/bin/imap-writer", '--user', "$name\@example.com", '--password', 'new', $port{new}, @files]);
    arrived($name) == $row->{messages} or fail("the writer lost some");
    return $result;
}

# Keeps nothing: a process for each message only throws it away.
sub by_fetchmail {
    my $row = shift;
    write_file("$folder/fetchmailrc", map {
        "poll 127.0.0.1 service $row->{port} protocol pop3 uidl auth password user $_\@example.com "
            . "password old-$_-1998 keep fetchall sslproto '' mda 'cat >/dev/null' no rewrite\n"
    } @{$row->{names}});
    chmod 0600, "$folder/fetchmailrc";
    local $ENV{FETCHMAILHOME} = $folder;
    return measured(1, ['fetchmail', '-f', "$folder/fetchmailrc", '-s', '--nobounce', '--norewrite']);
}

1;
