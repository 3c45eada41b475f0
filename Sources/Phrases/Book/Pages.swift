// SPDX-License-Identifier: Apache-2.0

/// The book, by what its sentences are about. Each is as `Page.read` takes it.
enum Pages {}
