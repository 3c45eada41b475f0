// SPDX-License-Identifier: Apache-2.0

import CLDAP
import DirectoryConnections
import Glibc
import Secrets

/// libldap's functions that are used.
struct LDAPLibrary: Sendable {
    typealias Handle = OpaquePointer
    typealias Message = OpaquePointer
    typealias Text = UnsafePointer<CChar>
    typealias Control = UnsafeMutablePointer<LDAPControl>
    typealias Controls = UnsafeMutablePointer<Control?>
    typealias Values = UnsafeMutablePointer<UnsafeMutablePointer<berval>?>

    let initialize: @convention(c) (UnsafeMutablePointer<Handle?>, Text) -> CInt
    let setOption: @convention(c) (Handle?, CInt, UnsafeRawPointer?) -> CInt
    let getOption: @convention(c) (Handle, CInt, UnsafeMutableRawPointer) -> CInt
    let startTLS: @convention(c) (Handle, Controls?, Controls?) -> CInt
    let bind:
        @convention(c) (
            Handle, Text?, Text?, UnsafeMutablePointer<berval>?, Controls?, Controls?,
            UnsafeMutablePointer<UnsafeMutablePointer<berval>?>?
        ) -> CInt
    let search:
        @convention(c) (
            Handle, Text, CInt, Text, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, CInt, Controls?, Controls?,
            UnsafeMutablePointer<timeval>?, CInt, UnsafeMutablePointer<Message?>
        ) -> CInt
    let firstEntry: @convention(c) (Handle, Message) -> Message?
    let nextEntry: @convention(c) (Handle, Message) -> Message?
    let name: @convention(c) (Handle, Message) -> UnsafeMutablePointer<CChar>?
    let values: @convention(c) (Handle, Message, Text) -> Values?
    let freeValues: @convention(c) (Values) -> Void
    let freeText: @convention(c) (UnsafeMutableRawPointer) -> Void
    let freeMessage: @convention(c) (Message) -> CInt
    let modify:
        @convention(c) (
            Handle, Text, UnsafeMutablePointer<UnsafeMutablePointer<LDAPMod>?>, Controls?, Controls?
        ) -> CInt
    let end: @convention(c) (Handle, Controls?, Controls?) -> CInt
    let explain: @convention(c) (CInt) -> UnsafeMutablePointer<CChar>?
    let pageControl:
        @convention(c) (
            Handle, ber_int_t, UnsafeMutablePointer<berval>?, CInt, UnsafeMutablePointer<Control?>
        ) -> CInt
    let parseResult:
        @convention(c) (
            Handle, Message, UnsafeMutablePointer<CInt>?, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
            UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
            UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>?,
            UnsafeMutablePointer<Controls?>?, CInt
        ) -> CInt
    let findControl: @convention(c) (Text, Controls?, UnsafeMutablePointer<Controls?>?) -> Control?
    let parsePage:
        @convention(c) (
            Handle, Control, UnsafeMutablePointer<ber_int_t>?, UnsafeMutablePointer<berval>
        ) -> CInt
    let freeControl: @convention(c) (Control) -> Void
    let freeControls: @convention(c) (Controls) -> Void

    init() throws(ConnectionFailure) {
        let library = try DynamicLibrary(
            "libldap-2.5.so.0", "libldap.so.2", "libldap-2.4.so.2", package: "libldap-2.5-0")
        func find<Function>(_ name: String) throws(ConnectionFailure) -> Function {
            try library.function(name, as: Function.self)
        }
        initialize = try find("ldap_initialize")
        setOption = try find("ldap_set_option")
        getOption = try find("ldap_get_option")
        startTLS = try find("ldap_start_tls_s")
        bind = try find("ldap_sasl_bind_s")
        search = try find("ldap_search_ext_s")
        firstEntry = try find("ldap_first_entry")
        nextEntry = try find("ldap_next_entry")
        name = try find("ldap_get_dn")
        values = try find("ldap_get_values_len")
        freeValues = try find("ldap_value_free_len")
        freeText = try find("ldap_memfree")
        freeMessage = try find("ldap_msgfree")
        modify = try find("ldap_modify_ext_s")
        end = try find("ldap_unbind_ext_s")
        explain = try find("ldap_err2string")
        pageControl = try find("ldap_create_page_control")
        parseResult = try find("ldap_parse_result")
        findControl = try find("ldap_control_find")
        parsePage = try find("ldap_parse_pageresponse_control")
        freeControl = try find("ldap_control_free")
        freeControls = try find("ldap_controls_free")
    }
}
