// SPDX-License-Identifier: MIT

extension Client {
    /// Sees to it that a session which waits for the merchant is approved, or refused: reads it,
    /// sends one request where it waits, and reads it until it is final.
    ///
    /// The request is never sent twice. What became of one whose answer is lost is what the session
    /// says then.
    func settle(_ reference: Reference, _ goal: Approval.Goal, _ options: Options) -> Answer {
        var options = options
        var approval = Approval(goal: goal)
        do throws(Failure) {
            let (account, table) = try approvals(of: reference.provider)
            let deadline = Instant.now.adding(options.timeout ?? state.configuration.timeout)
            let cancellations = state.cancellationCount
            options.approval = approval
            let first = read(reference, options, until: deadline, cancellations, anyIsEnough: true)
            guard first.outcome == .ok, let link = try approval.link(first, table) else {
                return first
            }
            guard
                let request = account.approvalRequest(
                    goal, table, reference, link, traceparent: options.traceparent)
            else { throw .outOfMemory }
            let response = try send(request, until: deadline, cancellations)
            approval.isSent = response?.mayHaveBeenSent ?? true
            if case .answered(let status)? = response?.ending { approval.httpStatus = status }
            options.approval = approval
            let refusal: Failure? =
                if let response {
                    self.refusal(response, of: account)
                } else if state.cancellationCount != cancellations {
                    .aborted
                } else {
                    Failure(.timedOut, "no answer within timeout_ms")
                }
            if let refusal, !approval.mayBeDone { throw refusal }
            // Of what was refused as a whole there is nothing to wait for.
            let last = read(
                reference, options, until: deadline, cancellations,
                anyIsEnough: approval.httpStatus == 422)
            guard let refusal, last.status != goal.status else { return last }
            let isUnknown = approval.httpStatus != 422
            // Without a reading nobody knows whether it was so already.
            if isUnknown ? last.outcome == .aborted : last.outcome != .ok { return last }
            if isUnknown { refusal.advice = "It may have been carried out: read the session." }
            throw refusal
        } catch {
            return Answer(
                error, provider: reference.provider.name, reference: reference.text,
                addition: .approval(approval))
        }
    }

    private func approvals(
        of provider: Provider
    ) throws(Failure) -> (Account, ApprovalTable) {
        guard let table = provider.approval else {
            throw Failure(
                .invalidArgument, sentence("{} has no approval by the merchant", provider.name))
        }
        let account = try state.account(of: provider)
        guard account.takesApprovals else {
            throw Failure(
                .notConfigured,
                sentence(
                    "{}.{}: expected true for this call", provider.name, ApprovalTable.setting))
        }
        return (account, table)
    }

    /// Why it was not carried out, as far as that is known; nil where it was.
    private func refusal(_ response: Response, of account: Account) -> Failure? {
        switch response.ending {
        case .failed(let failure): return failure
        case .answered(200...299): return nil
        case .answered(let status):
            let failure = ErrorBody.failure(
                status == 422 ? .notWaiting : Outcome(httpStatus: status), status, response,
                account.provider, account.secrets, endpoint: "approval endpoint")
            failure.retryAfter = response.retryAfter
            return failure
        }
    }
}

extension Response {
    /// There was a connection that it could go over.
    fileprivate var mayHaveBeenSent: Bool {
        if case .failed(let failure) = ending, failure.outcome == .tlsFailed { return false }
        return reusedConnection != nil
    }
}

extension Approval {
    /// What the request is about, by how the session is read first: with every expectation held
    /// against it, though it waits.
    /// - Returns: nil where it is as it is wanted, or held.
    fileprivate func link(
        _ answer: Answer, _ table: ApprovalTable
    ) throws(Failure) -> String? {
        if answer.status == goal.status { return nil }
        if answer.status == .actionRequired {
            if answer.paid == .unknown { return nil }
            if let link = answer.text(at: table.link).map({ String(cString: $0) }),
                IdentifierPart(name: "link").flaw(link) == nil
            {
                return link
            }
        }
        throw Failure(
            .notWaiting,
            sentence(
                "the session is {}, it does not wait for the merchant", answer.status.word.text))
    }
}
