package dev.antiphon.gateway.http;

/// Answers the requests of one route.
interface Endpoint {

    /// Begins to answer; may end later. Called on the loop, must not block.
    ///
    /// @throws dev.antiphon.protocol.InvalidInput when the request breaks the contract; the caller is told
    void handle(Exchange exchange);
}
