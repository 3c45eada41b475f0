# SPDX-License-Identifier: Apache-2.0
package Bench::Daemon;
# How mailmoved moves a row's mailboxes, and what that costs.
use strict;
use warnings;
use Bench::Ground;
use Bench::Servers;
use Exporter 'import';
use File::Path 'make_path';
use IO::Socket::UNIX;
use JSON::PP;
use POSIX ();
use Socket;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(by_mailmove by_mailmove_beside);
# The command that runs it.
our @daemon;

my $json = JSON::PP->new->utf8->canonical;

sub call {
    my ($socket, $method, $params) = @_;
    print $socket $json->encode({jsonrpc => '2.0', id => 1, method => $method, params => $params}), "\n";
    my $line = <$socket> // fail("the daemon hung up; its log:\n" . `tail -n 5 $folder/daemon.log`);
    my $reply = $json->decode($line);
    fail("$method: " . $json->encode($reply->{error})) if $reply->{error};
    return $reply->{result};
}

# A daemon that has never seen anything.
sub daemon_for {
    my ($row) = @_;
    put_aside("$folder/state", "$folder/new");
    make_path "$folder/state", "$folder/new";
    sync_all();
    my $store = $row->{into}
        ? "{kind: imap, imap: {address: '127.0.0.1:$port{new}', security: none, masterUser: mover, "
        . "masterPasswordFile: $folder/platform/password}}"
        : "{maildir: {path: $folder/new/%d/%n}}";
    start_platform() if $row->{into};
    write_file(
        "$folder/mailmoved.yaml",
        "mailStore: $store\nlimits: {secondsBetweenRuns: 0}\ntimeouts: {login: 60}\nlog: {level: warning}\n");
    local $ENV{STATE_DIRECTORY} = "$folder/state";
    my $pid = start(
        "$folder/daemon.log", @daemon, '--config', "$folder/mailmoved.yaml", '--admin-socket', "$folder/admin.sock",
        '--login-socket', "$folder/login.sock");
    my $socket;
    for (1 .. 600) {
        last if -S "$folder/admin.sock" and $socket = IO::Socket::UNIX->new("$folder/admin.sock");
        sleep 0.05;
    }
    $socket or fail("the daemon does not start:\n" . `tail -n 5 $folder/daemon.log`);
    $socket->autoflush(1);
    my @accounts = map { {address => "$_\@example.com", password => "new-$_-4711"} } @{$row->{names}};
    call($socket, createAccounts => {accounts => \@accounts});
    call($socket, enableMigration => {
        domain => 'example.com',
        oldServer => {
            protocol => $row->{imap} ? 'imap' : 'pop3',
            host => '127.0.0.1', port => $row->{port} + 0, security => $row->{tls} ? 'starttls' : 'none',
            $row->{tls} ? (certificate => {verify => 'none'}) : ()},
        # What else a first login costs, a hash of the password, is no mover's.
        syncPasswords => $row->{again} ? JSON::PP::true : JSON::PP::false});
    return ($pid, $socket);
}

sub cpu {
    my $pid = shift;
    open my $file, '<', "/proc/$pid/stat" or return 0;
    my @field = split ' ', (<$file> =~ s/.*\)//sr);
    return ($field[11] + $field[12]) / POSIX::sysconf(POSIX::_SC_CLK_TCK());
}

sub peak {
    my $pid = shift;
    open my $file, '<', "/proc/$pid/status" or return 0;
    local $/;
    return <$file> =~ /VmHWM:\s+(\d+)/ ? $1 / 1024 : 0;
}

sub trigger {
    my ($socket, $method, @names) = @_;
    print $socket map {
        $json->encode({
            jsonrpc => '2.0', id => 2, method => $method,
            params => {account => "$_\@example.com", password => "old-$_-1998", via => 'imap'}}) . "\n"
    } @names;
    for (@names) {
        my $reply = <$socket> // fail('the daemon hung up');
        $reply =~ /"error":\{|"reject"|"unavailable"/ and fail("a trigger failed: $reply");
    }
}

# All are triggered at once; over when all has been moved and says so.
sub trigger_and_wait {
    my ($pid, $socket, $row, $moved) = @_;
    my ($start, $before) = (time, cpu($pid));
    trigger($socket, $row->{again} ? 'authenticate' : 'triggerMigration', @{$row->{names}});
    for my $name (@{$row->{names}}) {
        while (1) {
            my $status = call($socket, queryStatus => {account => "$name\@example.com"});
            last if $status->{status} eq 'completed' && $status->{runs} >= $moved->{runs};
            fail("$name: " . $json->encode($status)) if $status->{status} eq 'failed';
            sleep 0.005;
        }
    }
    my $seconds = time - $start;
    return {seconds => $seconds, cpu => cpu($pid) - $before, peak => peak($pid)};
}

sub by_mailmove {
    my $row = shift;
    my ($pid, $socket) = daemon_for($row);
    my $result = trigger_and_wait($pid, $socket, $row, {runs => 1});
    $result = trigger_and_wait($pid, $socket, $row, {runs => 2}) if $row->{again};
    my $figures = call($socket, getMigration => {domain => 'example.com'});
    my $files = $row->{into} ? arrived(@{$row->{names}}) : files("$folder/new/example.com");
    $figures->{moved} == $row->{messages} && $files == $row->{messages}
        or fail("$files files of $row->{messages} messages; getMigration counts $figures->{moved}");
    end($pid);
    return $result;
}

# Seconds until all small mailboxes have been moved, alone or beside the huge one.
sub by_mailmove_beside {
    my ($row, $beside) = @_;
    my ($pid, $socket) = daemon_for({%$row, names => [@{$row->{names}}, 'huge']});
    if ($beside) {
        trigger($socket, triggerMigration => 'huge');
        sleep 0.01 until call($socket, queryStatus => {account => 'huge@example.com'})->{moved} > 0;
    }
    my $result = trigger_and_wait($pid, $socket, $row, {runs => 1});
    my $status = call($socket, queryStatus => {account => 'huge@example.com'});
    fail("the huge mailbox is $status->{status}") if $status->{status} ne ($beside ? 'inProgress' : 'notStarted');
    end($pid);
    return {%$result, huge => $status->{moved}};
}

1;
