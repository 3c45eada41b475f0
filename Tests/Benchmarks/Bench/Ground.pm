# SPDX-License-Identifier: Apache-2.0
package Bench::Ground;
# What the parts of bench stand on: a folder of its own, of which nothing stays; what was started in it, and is ended
# with it; commands and what they cost.
use strict;
use warnings;
use Exporter 'import';
use File::Path 'remove_tree';
use File::Temp 'tempdir';
use IO::Socket::INET;
use List::Util 'max';
use POSIX ();
use Time::HiRes qw(sleep time);

our @EXPORT = qw($folder fail begin put_aside start end measured free_port listening write_file read_file files sync_all);
our $folder;
my %running;
my $owner = $$;

sub fail { die "bench: @_\n" }

# Makes the folder below another.
sub begin {
    my $below = shift;
    $folder = tempdir('mailmove-bench.XXXXXX', DIR => $below);
    chmod 0755, $folder;
    $SIG{$_} = sub { exit 130 } for qw(INT TERM HUP);
}

END {
    if ($owner && $$ == $owner) {
        my $status = $?;
        kill TERM => keys %running;
        waitpid $_, 0 for keys %running;
        chdir '/';
        remove_tree($folder) if $folder;
        $? = $status;
    }
}

# What a round has made, until all is over: ext4 is slow to make files for minutes after many were deleted, for it goes
# over their inodes (recently_deleted), and whoever comes next would pay for it.
my $aside = 0;
sub put_aside {
    for my $path (grep { -e } @_) {
        mkdir "$folder/aside";
        rename $path, "$folder/aside/" . ++$aside or fail("$path: $!");
    }
}

sub start {
    my ($log, @command) = @_;
    my $pid = fork // fail("fork: $!");
    if (!$pid) {
        open STDOUT, '>>', $log;
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }
    $running{$pid} = 1;
    return $pid;
}

sub end {
    my $pid = shift;
    kill TERM => $pid;
    waitpid $pid, 0;
    delete $running{$pid};
}

# Runs commands, so many at a time; seconds, CPU seconds and the largest resident set of one in MB.
sub measured {
    my ($width, @commands) = @_;
    my ($start, %child, @report) = (time);
    my $number = 0;
    my $reap = sub {
        my $pid = waitpid -1, 0;
        $? == 0 or fail("@{$child{$pid}} ended with " . ($? >> 8) . ":\n" . `tail -n 3 $folder/movers.log`);
        delete $child{$pid};
    };
    for my $command (@commands) {
        $reap->() if keys %child >= $width;
        my $report = "$folder/time." . $number++;
        push @report, $report;
        my $pid = fork // fail("fork: $!");
        if (!$pid) {
            open STDOUT, '>', '/dev/null';
            open STDERR, '>>', "$folder/movers.log";
            exec '/usr/bin/time', '-o', $report, '-f', '%U %S %M', @$command or POSIX::_exit(127);
        }
        $child{$pid} = $command;
    }
    $reap->() while %child;
    my $seconds = time - $start;
    my ($cpu, $peak) = (0, 0);
    for (@report) {
        my ($user, $system, $resident) = split ' ', read_file($_);
        $cpu += $user + $system;
        $peak = max($peak, $resident / 1024);
    }
    return {seconds => $seconds, cpu => $cpu, peak => $peak * ($width < @commands ? $width : @commands)};
}

sub free_port { IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1')->sockport }

sub listening {
    my $port = shift;
    for (1 .. 200) {
        return if IO::Socket::INET->new("127.0.0.1:$port");
        sleep 0.05;
    }
    fail("nothing listens on port $port");
}

sub write_file {
    my ($path, @text) = @_;
    open my $file, '>', $path or fail("$path: $!");
    print $file @text;
    close $file or fail("$path: $!");
}

sub read_file {
    my $path = shift;
    open my $file, '<', $path or fail("$path: $!");
    local $/;
    return scalar <$file>;
}

# How many messages are in all Maildirs and their folders below a directory.
sub files {
    my $below = shift;
    my $files = () = `find $below -mindepth 3 -type f -regex '.*/\\(new\\|cur\\)/[^/]*'`;
    return $files;
}

# So that nobody pays for what was written before.
sub sync_all { system 'sync' }

1;
