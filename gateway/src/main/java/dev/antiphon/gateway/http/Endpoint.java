package dev.antiphon.gateway.http;

/// Answers the requests of one route.
interface Endpoint {

    /// Begins to answer; the end can come later. Called on the loop, must not block.
    ///
    /// @throws dev.antiphon.protocol.InvalidInput when the request breaks the contract; the client gets it as a problem
    void handle(Exchange exchange);
}
