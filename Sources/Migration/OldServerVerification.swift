public final class OldServerVerification: Sendable { let context: Context; init(context: Context) { self.context = context } }
