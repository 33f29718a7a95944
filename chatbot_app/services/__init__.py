"""The rules: what a person may do, one public function a short transaction.

`user_id` comes first and every argument is checked here, whatever the caller did, for any client
may send anything. Nothing here knows of Reflex or HTTP.
"""
